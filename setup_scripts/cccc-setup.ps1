# Points Claude Code, Codex and OpenAI-compatible tools at a cccc proxy, and back, on Windows without Python.
#
# Needs Windows PowerShell 5.1 or PowerShell 7. The merge is the proxy's: a client's file is sent to it and comes
# back with its settings in, or out. This script carries contents to and fro, keeps copies and records, and replaces
# files whole. It is served as it stands: values come from options and from nowhere else.

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$usage = @'
Usage: ./cccc-setup.ps1 [OPTIONS] [claude-code|codex|openai ...]

  --url U        the proxy's address [$env:CCCC_URL, else http://127.0.0.1:8080]
  --key K        what the clients send [$env:CCCC_KEY, else none: a proxy on the own machine asks for none]
  --restore      undo what this script did for that proxy; what you changed since stays
  --keep-table   with --restore: leave Codex's provider table in place, unselected
  --dry-run      show what would change; write nothing
  --yes          ask nothing
  --insecure     send keys over plain http to another machine without asking
  --help         show this
'@

function Stop-With([string] $Sentence) {
    throw "cccc-setup: $Sentence"
}

function Read-Options([string[]] $Words) {
    $options = @{
        Url = $env:CCCC_URL; Key = $env:CCCC_KEY; Clients = @()
        Restore = $false; KeepTable = $false; DryRun = $false; Yes = $false; Insecure = $false; Help = $false
    }
    $switches = @{
        '--restore' = 'Restore'; '--keep-table' = 'KeepTable'; '--dry-run' = 'DryRun'
        '--yes' = 'Yes'; '--insecure' = 'Insecure'; '--help' = 'Help'
    }
    for ($place = 0; $place -lt $Words.Count; $place++) {
        $word = $Words[$place]
        if ($word -eq '--url' -or $word -eq '--key') {
            $place++
            if ($place -ge $Words.Count) { Stop-With "$word needs a value; see --help" }
            if ($word -eq '--url') { $options.Url = $Words[$place] } else { $options.Key = $Words[$place] }
        } elseif ($switches.ContainsKey($word)) {
            $options[$switches[$word]] = $true
        } elseif (@('claude-code', 'codex', 'openai') -ccontains $word) {
            $options.Clients += $word
        } else {
            Stop-With "$word is no option and no client; see --help"
        }
    }
    if (-not $options.Url) { $options.Url = 'http://127.0.0.1:8080' }
    if (-not $options.Clients) { $options.Clients = @('claude-code', 'codex', 'openai') }
    $options.Url = $options.Url.TrimEnd('/') -replace '/v1$', ''
    return $options
}

function Assert-Options($Options) {
    if ($Options.Url -cnotmatch '^https?://[A-Za-z0-9._~/:%\[\]-]+$') {
        Stop-With "--url: expected the proxy's address, such as http://127.0.0.1:8080"
    }
    if ($Options.Key -and $Options.Key -cnotmatch '^[!-~]{1,512}$') {
        Stop-With '--key: expected printable ASCII characters without spaces'
    }
    $address = [Uri] $Options.Url
    if ($address.Scheme -eq 'http' -and -not $address.IsLoopback -and -not $Options.Insecure) {
        Write-Warning "plain http to $($address.Host): who listens on the way reads your settings, keys and prompts"
        if ((Read-Host 'Go on all the same? Type yes') -cne 'yes') {
            Stop-With 'nothing was sent; use https or a tunnel, or add --insecure'
        }
    }
}

function ConvertTo-Base64([byte[]] $Bytes) {
    if ($null -eq $Bytes) { return $null }
    return [Convert]::ToBase64String($Bytes)
}

function ConvertTo-Lines([string[]] $Lines) {
    return ConvertTo-Base64 ([Text.Encoding]::UTF8.GetBytes(($Lines -join "`n")))
}

function ConvertFrom-Lines([string] $Base64) {
    $text = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($Base64))
    return @($text -split "`n" | Where-Object { $_ })
}

function Read-File([string] $Path) {
    if (-not [IO.File]::Exists($Path)) { return , $null }
    return , [IO.File]::ReadAllBytes($Path)
}

function Test-Same([byte[]] $One, [byte[]] $Other) {
    return (ConvertTo-Base64 $One) -ceq (ConvertTo-Base64 $Other)
}

function Send-Request($Options, [string] $Client, $Asked) {
    $body = [Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $Asked -Depth 4 -Compress))
    $address = [Uri] "$($Options.Url)/help/merge/$Client"
    $request = [Net.HttpWebRequest] [Net.WebRequest]::Create($address)
    $request.Method = 'POST'
    $request.ContentType = 'application/json'
    if ($address.IsLoopback) { $request.Proxy = $null }
    if ($Options.Key) { $request.Headers.Add('Authorization', "Bearer $($Options.Key)") }
    try {
        $stream = $request.GetRequestStream()
        $stream.Write($body, 0, $body.Length)
        $stream.Dispose()
        $response = $request.GetResponse()
    } catch {
        $failure = $_.Exception
        while ($failure -and $failure -isnot [Net.WebException]) { $failure = $failure.InnerException }
        if (-not $failure -or -not $failure.Response) {
            Stop-With "$($Options.Url) does not answer; nothing was changed"
        }
        $reader = New-Object IO.StreamReader($failure.Response.GetResponseStream())
        Stop-With (($reader.ReadToEnd() -replace '[^\x20-\x7e]', ' ').Trim())
    }
    $reader = New-Object IO.StreamReader($response.GetResponseStream())
    $answer = ConvertFrom-Json $reader.ReadToEnd()
    if ($answer.name -cnotmatch '^[A-Za-z0-9-]+$') {
        Stop-With "$($Options.Url) is no cccc proxy that this script can talk to"
    }
    return $answer
}

function Get-ClientPath([string] $Client) {
    $profiles = [Environment]::GetFolderPath('UserProfile')
    switch ($Client) {
        'claude-code' {
            $folder = $env:CLAUDE_CONFIG_DIR
            if (-not $folder) { $folder = Join-Path $profiles '.claude' }
            return [IO.Path]::GetFullPath((Join-Path $folder 'settings.json'))
        }
        'codex' {
            $folder = $env:CODEX_HOME
            if (-not $folder) { $folder = Join-Path $profiles '.codex' }
            return [IO.Path]::GetFullPath((Join-Path $folder 'config.toml'))
        }
        default { return Join-Path $env:LOCALAPPDATA 'cccc\env.sh' }
    }
}

function Get-Target([string] $Path) {
    for ($steps = 0; $steps -lt 40; $steps++) {
        $item = Get-Item -LiteralPath $Path -Force -ErrorAction SilentlyContinue
        if (-not $item -or -not ($item.Attributes -band [IO.FileAttributes]::ReparsePoint) -or -not $item.Target) {
            return $Path
        }
        $Path = [IO.Path]::GetFullPath([IO.Path]::Combine((Split-Path $Path), @($item.Target)[0]))
    }
    Stop-With "${Path}: a symbolic link that leads to itself; it was left alone"
}

function Find-Record([string] $Journal, [string] $Path, [string] $Suffix) {
    foreach ($file in [IO.Directory]::GetFiles($Journal, "*.$Suffix")) {
        $record = ConvertFrom-Json ([IO.File]::ReadAllText($file))
        if ($record.path -ceq $Path) { return @{ File = $file; Record = $record } }
    }
    return $null
}

function Get-MissingFolders([string] $Path) {
    $missing = @()
    $folder = Split-Path $Path
    while ($folder -and -not [IO.Directory]::Exists($folder)) {
        $missing += $folder
        $folder = Split-Path $folder
    }
    return $missing
}

function Write-Whole([string] $Path, [byte[]] $Bytes) {
    $temporary = "$Path.cccc-new"
    [IO.File]::WriteAllBytes($temporary, $Bytes)
    if (-not (Test-Same $Bytes (Read-File $temporary))) { Stop-With "${Path}: cannot be written; nothing was changed" }
    Move-Whole $temporary $Path
}

function Move-Whole([string] $From, [string] $To) {
    if ([IO.File]::Exists($To)) { [IO.File]::Replace($From, $To, $null) } else { [IO.File]::Move($From, $To) }
}

# What was pending is in force; a part that has ended leaves no record.
function Complete-Change([string] $Pending) {
    $kept = [IO.Path]::ChangeExtension($Pending, 'json')
    $record = ConvertFrom-Json ([IO.File]::ReadAllText($Pending))
    if (@($record.changes).Count -eq 0) {
        [IO.File]::Delete($kept)
        [IO.File]::Delete($Pending)
    } else {
        Move-Whole $Pending $kept
    }
}

# A script that was killed has left a pending record; with the new content beside the file nothing had happened yet.
function Repair-Change([string] $Journal, [string] $Path, [string] $Target) {
    $new = "$Target.cccc-new"
    $found = Find-Record $Journal $Path 'pending'
    if (-not $found) {
        [IO.File]::Delete($new)
    } elseif ([IO.File]::Exists($new) -or ($found.Record.digest_after -eq '' -and [IO.File]::Exists($Target))) {
        [IO.File]::Delete($new)
        [IO.File]::Delete($found.File)
    } else {
        Complete-Change $found.File
    }
}

function Set-Client($Options, [string] $Client) {
    $path = Get-ClientPath $Client
    $target = Get-Target $path
    $address = $Options.Url -replace '[^A-Za-z0-9.-]', '_'
    $journal = Join-Path $env:LOCALAPPDATA "cccc\scripts\$address\clients"
    [void] [IO.Directory]::CreateDirectory($journal)
    if ([IO.Directory]::Exists($target)) { Stop-With "${path}: is not a regular file; it was left alone" }
    if ([IO.File]::Exists($target) -and (Get-Item -LiteralPath $target -Force).IsReadOnly) {
        Stop-With "${path}: is read-only; it was left alone"
    }
    Repair-Change $journal $path $target
    $now = Read-File $target
    $found = Find-Record $journal $path 'json'
    $record = $null
    $backup = $null
    if ($found) {
        $record = Read-File $found.File
        if ($found.Record.backup) { $backup = Read-File (Join-Path $journal $found.Record.backup) }
    }
    $answer = Send-Request $Options $Client @{
        path = ConvertTo-Lines @($path)
        file = ConvertTo-Base64 $now
        record = ConvertTo-Base64 $record
        backup = ConvertTo-Base64 $backup
        copies = ConvertTo-Lines @([IO.Directory]::GetFiles($journal, '*.bak') | ForEach-Object { Split-Path $_ -Leaf })
        folders = ConvertTo-Lines @(Get-MissingFolders $path)
        url = $Options.Url
        restore = $Options.Restore
        keep_table = $Options.KeepTable
    }
    foreach ($line in ConvertFrom-Lines $answer.said) { Write-Output ($line -replace '[\x00-\x08\x0b-\x1f\x7f]', '') }
    $new = $null
    if ($null -ne $answer.file) { $new = [Convert]::FromBase64String($answer.file) }
    $same = ($null -eq $new) -eq ($null -eq $now) -and (Test-Same $new $now)
    if ($Options.DryRun -or ($same -and -not $Options.Restore)) { return }
    if (-not $same -and -not $Options.Yes -and -not $Options.Restore) {
        if ((Read-Host 'Write this? [Y/n]') -notmatch '^(y|yes)?$') { Stop-With 'nothing was written' }
    }
    $pending = Join-Path $journal "$($answer.name).pending"
    if ($answer.copy) { Write-Whole (Join-Path $journal $answer.copy) $now }
    foreach ($stale in ConvertFrom-Lines $answer.stale) {
        if ($stale -cmatch "^$($answer.name)\.\d+\.bak$") { [IO.File]::Delete((Join-Path $journal $stale)) }
    }
    if (-not $same) {
        if ($null -ne $new) {
            [void] [IO.Directory]::CreateDirectory((Split-Path $target))
            [IO.File]::WriteAllBytes("$target.cccc-new", $new)
        }
        Write-Whole $pending ([Convert]::FromBase64String($answer.record))
        if (-not (Test-Same $now (Read-File $target))) {
            [IO.File]::Delete("$target.cccc-new")
            [IO.File]::Delete($pending)
            Stop-With "${path}: was changed by somebody else meanwhile; nothing was written, try again"
        }
        if ($null -ne $new) { Move-Whole "$target.cccc-new" $target } else { [IO.File]::Delete($target) }
        if (-not (Test-Same $new (Read-File $target))) { Stop-With "${path}: does not read back; look at it" }
        Write-Output "wrote $path"
    } elseif ($null -ne $answer.record) {
        Write-Whole $pending ([Convert]::FromBase64String($answer.record))
    }
    if ([IO.File]::Exists($pending)) { Complete-Change $pending } elseif ($found) { [IO.File]::Delete($found.File) }
    foreach ($folder in ConvertFrom-Lines $answer.folders) {
        if ([IO.Directory]::Exists($folder) -and @([IO.Directory]::GetFileSystemEntries($folder)).Count -eq 0) {
            [IO.Directory]::Delete($folder)
        }
    }
}

$failed = 0
try {
    $options = Read-Options ([string[]] $args)
    if ($options.Help) {
        Write-Output $usage
    } elseif ([Environment]::OSVersion.Platform -ne 'Win32NT') {
        Stop-With 'is for Windows; use cccc-setup.sh here'
    } else {
        Assert-Options $options
    }
} catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 2
}
if (-not $options.Help) {
    foreach ($client in $options.Clients) {
        try {
            Set-Client $options $client
        } catch {
            [Console]::Error.WriteLine($_.Exception.Message)
            $failed = 1
        }
    }
}
exit $failed
