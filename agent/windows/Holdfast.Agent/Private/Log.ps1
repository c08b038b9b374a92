# Holdfast agent for Windows: entries in the Application log. Their numbers are in events.json and README.md. No secret is ever in one.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function Write-HoldfastEvent {
    # Never throws: a full or missing log must not keep a key from being escrowed.
    param(
        [Parameter(Mandatory = $true)][string]$Name,
        [AllowEmptyCollection()][object[]]$Values = @()
    )

    try {
        $entry = @($script:HoldfastEvents['events'] | Where-Object { $_['name'] -ceq $Name })[0]
        $language = 'en'
        if ([System.Globalization.CultureInfo]::InstalledUICulture.TwoLetterISOLanguageName -ceq 'es') { $language = 'es' }
        $message = $entry[$language] -f $Values
        Write-Verbose -Message $message
        Write-EventLog -LogName $script:HoldfastEvents['log'] -Source $script:HoldfastEvents['source'] -EventId $entry['id'] -EntryType $entry['level'] -Message $message
    }
    catch { Write-Verbose -Message "No entry was written for ${Name}." }
}

function Get-HoldfastErrorText {
    # Kind, number and place of an error. Its words stay out: they are localised, and nobody knows what is in them.
    param([Parameter(Mandatory = $true)][System.Management.Automation.ErrorRecord]$ErrorRecord)

    $cause = $ErrorRecord.Exception
    while ($null -ne $cause.InnerException) { $cause = $cause.InnerException }
    $place = $ErrorRecord.InvocationInfo
    $where = 'unknown place'
    if ($null -ne $place -and -not [string]::IsNullOrEmpty($place.ScriptName)) {
        $where = '{0}:{1}' -f [System.IO.Path]::GetFileName($place.ScriptName), $place.ScriptLineNumber
    }
    return '{0} 0x{1:X8} at {2}' -f $cause.GetType().Name, $cause.HResult, $where
}
