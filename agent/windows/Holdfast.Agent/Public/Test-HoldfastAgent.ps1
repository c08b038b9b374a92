# Holdfast agent for Windows: what to try first on a computer: each part on its own, nothing changed.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function Test-HoldfastAgent {
    <#
    .SYNOPSIS
    Tries settings, drives, TPM, device key, DPAPI and the way to each node, and says what came of it. Encrypts nothing,
    enrols nothing, makes a key of its own and removes it again. Needs an administrator.
    #>
    [CmdletBinding()]
    param()

    $settings = Get-HoldfastSettings
    Invoke-HoldfastTrial -Name 'settings' -Trial {
        $fault = Get-HoldfastSettingFault -Settings $settings
        if ($null -ne $fault) { throw $fault }
        'complete'
    }
    Invoke-HoldfastTrial -Name 'computer' -Trial { ConvertTo-HoldfastJson -Value (Get-HoldfastMachine) }
    Invoke-HoldfastTrial -Name 'users' -Trial { ConvertTo-HoldfastJson -Value (Get-HoldfastUsers) }
    Invoke-HoldfastTrial -Name 'TPM' -Trial { "present: $(Test-HoldfastTpm)" }
    Invoke-HoldfastTrial -Name 'drives' -Trial {
        foreach ($volume in (Get-HoldfastVolumes)) { ConvertTo-HoldfastJson -Value (New-HoldfastVolumeFacts -Volume $volume) }
    }
    Invoke-HoldfastTrial -Name 'device key' -Trial {
        $name = New-HoldfastDeviceKey -Name 'Holdfast trial' -AllowSoftware $true
        try {
            $key = Open-HoldfastDeviceKey -KeyName $name
            $jws = New-HoldfastJws -Header @{ alg = 'ES256'; typ = 'trial' } -Payload @{ trial = 1 } -Signer $key['signer']
            $key['signer'].Dispose()
            if ($null -eq (Test-HoldfastJws -Type 'trial' -Jws $jws -Jwk $key['jwk'])) { throw 'the signature does not hold' }
            $name['provider']
        }
        finally { Remove-HoldfastDeviceKey -KeyName $name }
    }
    foreach ($node in @($settings['Nodes'])) {
        Invoke-HoldfastTrial -Name $node -Trial {
            $base = New-Object System.Uri($node)
            $url = (New-Object System.Uri($base, '/v1/devices')).AbsoluteUri
            # Without a proof a node answers 400 or 401, which is as far as this goes.
            $answer = Send-HoldfastRequest -Method 'POST' -Url $url -Headers @{} -Body '{}' -Settings $settings
            if ($null -eq $answer) { throw 'no answer' }
            "answers $($answer['status'])"
        }
    }
}

function Invoke-HoldfastTrial {
    param(
        [Parameter(Mandatory = $true)][string]$Name,
        [Parameter(Mandatory = $true)][scriptblock]$Trial
    )

    try { [pscustomobject]@{ Trial = $Name; Works = $true; Result = (@(& $Trial) -join "`n") } }
    catch { [pscustomobject]@{ Trial = $Name; Works = $false; Result = "$($_.Exception.Message) ($(Get-HoldfastErrorText -ErrorRecord $_))" } }
}
