# Holdfast agent for Windows: Pester 5 tests against what the real code gives (vectors/*.json): Invoke-Pester -Path Tests. Pure parts only, so PowerShell 7 runs them too, on any system.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

BeforeDiscovery {
    $private = Join-Path (Split-Path -Parent $PSScriptRoot) 'Holdfast.Agent/Private'
    . (Join-Path $private 'Json.ps1')
    $vectors = Join-Path $PSScriptRoot 'vectors'
    $answers = (Read-HoldfastJsonFile -Path (Join-Path $vectors 'answers.json'))['cases']
    $base64url = Read-HoldfastJsonFile -Path (Join-Path $vectors 'base64url.json')
    $canonical = (Read-HoldfastJsonFile -Path (Join-Path $vectors 'canonical.json'))['cases']
    $decisions = (Read-HoldfastJsonFile -Path (Join-Path $vectors 'decisions.json'))['cases']
    $guids = Read-HoldfastJsonFile -Path (Join-Path $vectors 'guids.json')
    $signed = Read-HoldfastJsonFile -Path (Join-Path $vectors 'jws.json')
    $passwords = Read-HoldfastJsonFile -Path (Join-Path $vectors 'passwords.json')
    $proofs = (Read-HoldfastJsonFile -Path (Join-Path $vectors 'proofs.json'))['cases']
    $receipts = Read-HoldfastJsonFile -Path (Join-Path $vectors 'receipts.json')
    $thumbprints = (Read-HoldfastJsonFile -Path (Join-Path $vectors 'thumbprints.json'))['cases']
    $wants = (Read-HoldfastJsonFile -Path (Join-Path $vectors 'wants.json'))['cases']
}

BeforeAll {
    $module = Join-Path (Split-Path -Parent $PSScriptRoot) 'Holdfast.Agent'
    foreach ($part in 'Json', 'Encoding', 'Guid', 'RecoveryPassword', 'Jws', 'Receipt', 'Answers', 'Queue', 'Decide', 'Proof', 'Wants', 'Settings', 'Turn') {
        . (Join-Path $module "Private/$part.ps1")
    }
    $decisionTable = Read-HoldfastJsonFile -Path (Join-Path $module 'decisions.json')
    $vectorFolder = Join-Path $PSScriptRoot 'vectors'

    function ConvertFrom-Hex {
        param([string]$Hex)

        $bytes = New-Object byte[] ($Hex.Length / 2)
        for ($index = 0; $index -lt $bytes.Length; $index++) { $bytes[$index] = [System.Convert]::ToByte($Hex.Substring(2 * $index, 2), 16) }
        return , $bytes
    }

    function ConvertTo-Hex {
        param([AllowNull()][byte[]]$Bytes)

        if ($null -eq $Bytes) { return $null }
        return [System.BitConverter]::ToString($Bytes).Replace('-', '').ToLowerInvariant()
    }
}

Describe 'Canonical JSON' {
    It 'writes <_.text>' -ForEach $canonical {
        ConvertTo-HoldfastJson -Value $_['value'] | Should -BeExactly $_['text']
    }
    It 'keeps arrays of one and of none' {
        ConvertTo-HoldfastJson -Value @{ one = @(1); none = @() } | Should -BeExactly '{"none":[],"one":[1]}'
    }
    It 'refuses what is no message' {
        { ConvertTo-HoldfastJson -Value 1.5 } | Should -Throw
    }
}

Describe 'base64url' {
    It 'writes and reads <_.hex>' -ForEach $base64url['cases'] {
        ConvertTo-HoldfastBase64Url -Bytes (ConvertFrom-Hex -Hex $_['hex']) | Should -BeExactly $_['text']
        ConvertTo-Hex -Bytes (ConvertFrom-HoldfastBase64Url -Text $_['text']) | Should -BeExactly $_['hex']
    }
    It 'refuses <_>' -ForEach $base64url['invalid'] {
        $text = $_
        { ConvertFrom-HoldfastBase64Url -Text $text } | Should -Throw
    }
}

Describe 'GUIDs' {
    It 'reads <_.text>' -ForEach $guids['forms'] {
        ConvertTo-HoldfastGuid -Text $_['text'] | Should -BeExactly $_['guid']
    }
    It 'reads the bytes <_.hex> in the order of Windows' -ForEach $guids['windowsBytes'] {
        ConvertFrom-HoldfastGuidBytes -Bytes (ConvertFrom-Hex -Hex $_['hex']) | Should -BeExactly $_['guid']
        if ($null -ne $_['guid']) { ConvertTo-Hex -Bytes (ConvertTo-HoldfastGuidBytes -Guid $_['guid']) | Should -BeExactly $_['hex'] }
    }
}

Describe 'Recovery passwords' {
    It 'case <_.key>' -ForEach $passwords['cases'] {
        ConvertTo-Hex -Bytes (ConvertFrom-HoldfastRecoveryPassword -Text $_['text']) | Should -BeExactly $_['key']
    }
    It 'commits to <_.keyId> and <_.key>' -ForEach $passwords['commitments'] {
        Get-HoldfastCommitment -KeyId $_['keyId'] -Key (ConvertFrom-Hex -Hex $_['key']) | Should -BeExactly $_['commitment']
    }
    It 'fingerprints <_.smbiosUuid>' -ForEach $passwords['fingerprints'] {
        Get-HoldfastMachineFingerprint -SmbiosUuid $_['smbiosUuid'] -Serial $_['serial'] | Should -BeExactly $_['fingerprint']
    }
}

Describe 'Signatures' {
    It '<_.name>' -ForEach $signed['cases'] {
        $file = Read-HoldfastJsonFile -Path (Join-Path $vectorFolder 'jws.json')
        $payload = Test-HoldfastJws -Type $file['type'] -Jws $_['jws'] -Jwk $file['jwk']
        ($null -ne $payload) | Should -Be $_['valid']
    }
    It 'thumbprint <_.thumbprint>' -ForEach $thumbprints {
        Get-HoldfastThumbprint -Jwk $_['jwk'] | Should -BeExactly $_['thumbprint']
    }
    It 'makes what it can check' {
        $signer = [System.Security.Cryptography.ECDsa]::Create([System.Security.Cryptography.ECCurve]::CreateFromFriendlyName('nistP256'))
        $public = $signer.ExportParameters($false)
        $jwk = @{ kty = 'EC'; crv = 'P-256'; x = ConvertTo-HoldfastBase64Url -Bytes $public.Q.X; y = ConvertTo-HoldfastBase64Url -Bytes $public.Q.Y }
        $jws = New-HoldfastJws -Header @{ alg = 'ES256'; typ = 'trial' } -Payload @{ trial = 1 } -Signer $signer
        (Test-HoldfastJws -Type 'trial' -Jws $jws -Jwk $jwk)['trial'] | Should -Be 1
        Test-HoldfastJws -Type 'other' -Jws $jws -Jwk $jwk | Should -BeNullOrEmpty
    }
}

Describe 'Receipts' {
    It '<_.name>: <_.verdict>' -ForEach $receipts['cases'] {
        $file = Read-HoldfastJsonFile -Path (Join-Path $vectorFolder 'receipts.json')
        Test-HoldfastReceipt -Receipt $_['receipt'] -OrganisationThumbprint $file['organisation'] -Own $file['own'] | Should -BeExactly $_['verdict']
    }
}

Describe 'Proofs' {
    It 'says <_.canonical>' -ForEach $proofs {
        $given = $_['input']
        $payload = New-HoldfastProofPayload -Method $given['method'] -Url $given['url'] -Jti $given['jti'] -IssuedAt $given['iat'] -Nonce $given['nonce'] -Token $given['token']
        ConvertTo-HoldfastJson -Value $payload | Should -BeExactly $_['canonical']
        $jwk = (Read-HoldfastJws -Jws $_['proof'])['header']['jwk']
        ConvertTo-HoldfastJson -Value (Test-HoldfastJws -Type 'dpop+jwt' -Jws $_['proof'] -Jwk $jwk) | Should -BeExactly $_['canonical']
    }
}

Describe 'Answers' {
    It '<_.status>: <_.failure>' -ForEach $answers {
        Get-HoldfastFailure -Status $_['status'] -Body $_['body'] -Answers $decisionTable['answers'] | Should -BeExactly $_['failure']
    }
}

Describe 'Drives to encrypt' {
    It 'type <_.volumeType>, conversion <_.conversionStatus>, <_.policy.enforcement>' -ForEach $wants {
        Test-HoldfastWantsEncryption -Policy $_['policy'] -VolumeType $_['volumeType'] -ConversionStatus $_['conversionStatus'] -Decisions $decisionTable | Should -Be $_['wanted']
    }
}

Describe 'Decisions' {
    It '<_.name>' -ForEach $decisions {
        $decision = Resolve-HoldfastDecision -Agent $_['agent'] -Incident $_['incident'] -Decisions $decisionTable
        ConvertTo-HoldfastJson -Value $decision['actions'] | Should -BeExactly (ConvertTo-HoldfastJson -Value $_['expected']['actions'])
        ConvertTo-HoldfastJson -Value $decision['agent'] | Should -BeExactly (ConvertTo-HoldfastJson -Value $_['expected']['agent'])
    }
}

Describe 'What is due' {
    It 'everything at the first turn' {
        Get-HoldfastDue -Pause $null -ReportDueAt 0 -RestMs 1000 -Now 5000 | Should -Be @('report-due')
    }
    It 'nothing while it rests, and the report afterwards' {
        $pause = @{ type = 'rest'; since = 5000; ms = 1000 }
        @(Get-HoldfastDue -Pause $pause -ReportDueAt 6000 -RestMs 1000 -Now 5500).Count | Should -Be 0
        Get-HoldfastDue -Pause $pause -ReportDueAt 6000 -RestMs 1000 -Now 6000 | Should -Be @('report-due')
    }
    It 'everything when the clock went back' {
        $pause = @{ type = 'rest'; since = 5000; ms = 1000 }
        Get-HoldfastDue -Pause $pause -ReportDueAt 6000 -RestMs 1000 -Now 100 | Should -Be @('report-due')
    }
    It 'a late report before what waits' {
        $pause = @{ type = 'back-off'; since = 5000; ms = 1000 }
        Get-HoldfastDue -Pause $pause -ReportDueAt 5500 -RestMs 1000 -Now 6000 | Should -Be @('report-due', 'wake')
    }
}

Describe 'Settings' {
    It 'keeps numbers within their bounds and takes nothing of another kind' {
        $number = @{ name = 'AnswerWaitSeconds'; kind = 'number'; default = 15; min = 5; max = 120 }
        ConvertTo-HoldfastSetting -Setting $number -Value 1 | Should -Be 5
        ConvertTo-HoldfastSetting -Setting $number -Value 'many' | Should -Be 15
        $list = @{ name = 'Nodes'; kind = 'list'; default = @() }
        ConvertTo-HoldfastSetting -Setting $list -Value @(' https://a ', '', 'https://b') | Should -Be @('https://a', 'https://b')
    }
    It 'takes no address that is not https' {
        $settings = @{ Nodes = @('http://edge.example'); OrganisationThumbprint = 'a' * 43; SiteToken = 'hft-x' }
        Get-HoldfastSettingFault -Settings $settings | Should -Match 'not https'
        $settings['Nodes'] = @('https://edge.example')
        Get-HoldfastSettingFault -Settings $settings | Should -BeNullOrEmpty
    }
}
