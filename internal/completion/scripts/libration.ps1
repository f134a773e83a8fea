# Completion of libration for PowerShell: put it into $PROFILE, or there
#   libration completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName libration, libration.exe -ScriptBlock {
    param($word, $command, $cursor)
    $program = $command.CommandElements[0].ToString()
    $before = @($command.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object { $_.ToString() })
    & $program completion words "--current=$word" -- @before 2>$null | ForEach-Object {
        $found, $help = $_ -split "`t", 2
        if ($found -ne ':files') { # without candidates PowerShell completes files by itself
            if (-not $help) { $help = $found }
            [System.Management.Automation.CompletionResult]::new($found, $found, 'ParameterValue', $help)
        }
    }
}
