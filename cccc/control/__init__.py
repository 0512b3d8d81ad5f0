"""The one surface through which screens, commands and HTTP management see and steer the proxy."""
