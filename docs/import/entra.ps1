<#
    Recovery keys of Microsoft Entra ID as JSON on standard output, a line each, for "holdfast import entra -".
    It asks Microsoft Graph for each key alone, because lists leave the passwords out; every one is then in Entra's audit log.
    Needs the module Microsoft.Graph.Authentication and the permissions BitLockerKey.Read.All and Device.Read.All.
    Not run against a tenant by this project's tests.
#>
$ErrorActionPreference = 'Stop'
Connect-MgGraph -Scopes 'BitLockerKey.Read.All', 'Device.Read.All' -NoWelcome
$graph = 'https://graph.microsoft.com/v1.0'

function Get-AllPages([string] $Uri) {
    while ($Uri) {
        $page = Invoke-MgGraphRequest -Method GET -Uri $Uri -OutputType PSObject
        $page.value
        $Uri = $page.'@odata.nextLink'
    }
}

$names = @{}
foreach ($device in Get-AllPages "$graph/devices?`$select=deviceId,displayName&`$top=999") {
    $names[$device.deviceId] = $device.displayName
}
foreach ($listed in Get-AllPages "$graph/informationProtection/bitlocker/recoveryKeys") {
    $key = Invoke-MgGraphRequest -Method GET -OutputType PSObject `
        -Uri "$graph/informationProtection/bitlocker/recoveryKeys/$($listed.id)?`$select=key"
    [pscustomobject]@{
        id              = $listed.id
        key             = $key.key
        deviceId        = $listed.deviceId
        deviceName      = $names[$listed.deviceId]
        volumeType      = $listed.volumeType
        createdDateTime = ([datetime] $listed.createdDateTime).ToUniversalTime().ToString('o')
    } | ConvertTo-Json -Compress
}
