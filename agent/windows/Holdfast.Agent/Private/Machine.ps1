# Holdfast agent for Windows: facts about this computer, none of them localised.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function Get-HoldfastMachine {
    # What an enrolment, an escrow and a report say of it.
    $system = Get-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_ComputerSystem'
    $product = Get-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_ComputerSystemProduct'
    $bios = Get-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_BIOS'
    $smbiosUuid = ConvertTo-HoldfastGuid -Text $product.UUID
    # Firmware without one: such machines are told apart by their serial numbers.
    if ($null -eq $smbiosUuid) { $smbiosUuid = '00000000-0000-0000-0000-000000000000' }
    return @{
        computerName = Limit-HoldfastText -Text $env:COMPUTERNAME -Length 255
        domain       = Limit-HoldfastText -Text $system.Domain -Length 255
        smbiosUuid   = $smbiosUuid
        serial       = Limit-HoldfastText -Text $bios.SerialNumber -Length 128
        make         = Limit-HoldfastText -Text $system.Manufacturer -Length 128
        model        = Limit-HoldfastText -Text $system.Model -Length 128
        osVersion    = Limit-HoldfastText -Text (Get-HoldfastWindowsName) -Length 128
    }
}

function Limit-HoldfastText {
    param(
        [AllowNull()][AllowEmptyString()][string]$Text,
        [Parameter(Mandatory = $true)][int]$Length
    )

    $trimmed = "$Text".Trim()
    if ($trimmed.Length -le $Length) { return $trimmed }
    # Half of a pair of surrogates is no text, and has no UTF-8.
    if ([char]::IsHighSurrogate($trimmed, $Length - 1)) { return $trimmed.Substring(0, $Length - 1) }
    return $trimmed.Substring(0, $Length)
}

function Get-HoldfastWindowsName {
    # From numbers and identifiers: Win32_OperatingSystem's caption is in the language of the system.
    $key = Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
    $values = @{ EditionID = ''; DisplayVersion = ''; CurrentBuildNumber = '0'; UBR = 0; InstallationType = 'Client' }
    foreach ($name in @($values.psbase.Keys)) {
        $found = $key.psobject.Properties[$name]
        if ($null -ne $found) { $values[$name] = $found.Value }
    }
    $build = [int]$values['CurrentBuildNumber']
    $product = 'Windows 10'
    if ($build -ge 22000) { $product = 'Windows 11' }
    if ($values['InstallationType'] -cne 'Client') { $product = 'Windows Server' }
    $edition = "$($values['EditionID'])" -replace '\AProfessional\z', 'Pro'
    $name = '{0} {1} {2}' -f $product, $edition, $values['DisplayVersion']
    return '{0} (10.0.{1}.{2})' -f ($name -replace '\s+', ' ').Trim(), $build, $values['UBR']
}

function Get-HoldfastUsers {
    # Who works here: at the console now, and whoever signed in last.
    $system = Get-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_ComputerSystem'
    $last = $null
    $logon = Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\LogonUI' -ErrorAction SilentlyContinue
    if ($null -ne $logon -and $null -ne $logon.psobject.Properties['LastLoggedOnUser']) { $last = $logon.LastLoggedOnUser }
    $users = @($system.UserName, $last | Where-Object { -not [string]::IsNullOrEmpty($_) } | ForEach-Object { Limit-HoldfastText -Text $_ -Length 320 })
    return , @($users | Sort-Object -Unique)
}

function Test-HoldfastTpm {
    # $true, $false, or $null when Windows does not say.
    try {
        $tpm = @(Get-CimInstance -Namespace 'root\cimv2\Security\MicrosoftTpm' -ClassName 'Win32_Tpm')
        if ($tpm.Count -eq 0) { return $false }
        $enabled = Invoke-CimMethod -InputObject $tpm[0] -MethodName 'IsEnabled'
        if ($enabled.ReturnValue -ne 0) { return $null }
        return [bool]$enabled.IsEnabled
    }
    catch { return $null }
}
