"""Speed, measured beside other gateways in one run. Ratios are the result; absolute times belong to the machine."""
