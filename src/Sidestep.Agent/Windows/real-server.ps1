#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Makes this Windows host a real server of layer-2 direct server return. Written by 'sidestep-agent render windows'.

.DESCRIPTION
Every VIP is an address of a loopback adapter, which does not answer ARP or neighbour solicitation on the network. Both that adapter
and the one of the network get weak host receive and send: a packet for the VIP comes in by the network's adapter, and the reply
leaves by it with the VIP as source. Without -Mode it applies and then verifies; nothing that is as it must be is touched.

.PARAMETER Mode
Apply (the default), Verify (changes nothing; exit code 1 if something is wrong), or Rollback (restores what was there before).

.PARAMETER Adapter
The network's adapter, by the name that Get-NetAdapter prints. Without it, the one of the default route.
#>
[CmdletBinding()]
param(
    [ValidateSet('Apply', 'Verify', 'Rollback')]
    [string] $Mode = 'Apply',
    [string] $Adapter = {{adapter}}
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$LoopbackName = 'Sidestep-VIP'
$LoopbackMetric = 254
$StateFile = Join-Path $env:ProgramData 'Sidestep\real-server.json'
$Vips = @(
{{vips}}
)
$Rules = @(
{{rules}}
)

function Get-Family([string] $Address) {
    if ($Address.Contains(':')) { 'IPv6' } else { 'IPv4' }
}

function Get-PrefixLength([string] $Address) {
    if ((Get-Family $Address) -eq 'IPv6') { 128 } else { 32 }
}

function Get-Families {
    @($Vips | ForEach-Object { Get-Family $_ } | Select-Object -Unique)
}

function Get-LanAdapter {
    if ($Adapter) {
        return Get-NetAdapter -Name $Adapter
    }
    $route = Get-NetRoute -DestinationPrefix '0.0.0.0/0', '::/0' -ErrorAction SilentlyContinue |
        Sort-Object -Property RouteMetric | Select-Object -First 1
    if (-not $route) {
        throw 'There is no default route: name the network''s adapter with -Adapter.'
    }
    Get-NetAdapter -InterfaceIndex $route.InterfaceIndex
}

function Get-LoopbackAdapter {
    Get-NetAdapter -Name $LoopbackName -ErrorAction SilentlyContinue
}

# The KM-TEST loopback adapter comes with Windows; pnputil cannot make a device that no hardware has, so the setup API does.
function Install-LoopbackAdapter {
    $signature = @'
using System;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

public static class SidestepLoopback
{
    [StructLayout(LayoutKind.Sequential)]
    public struct DeviceInfo { public int Size; public Guid Class; public uint Instance; public IntPtr Reserved; }

    [DllImport("setupapi.dll", SetLastError = true)]
    static extern IntPtr SetupDiCreateDeviceInfoList(ref Guid classGuid, IntPtr parent);

    [DllImport("setupapi.dll", SetLastError = true, CharSet = CharSet.Unicode)]
    static extern bool SetupDiCreateDeviceInfo(IntPtr set, string name, ref Guid classGuid, string description, IntPtr parent, int flags, ref DeviceInfo device);

    [DllImport("setupapi.dll", SetLastError = true, CharSet = CharSet.Unicode)]
    static extern bool SetupDiSetDeviceRegistryProperty(IntPtr set, ref DeviceInfo device, int property, byte[] value, int bytes);

    [DllImport("setupapi.dll", SetLastError = true)]
    static extern bool SetupDiCallClassInstaller(int function, IntPtr set, ref DeviceInfo device);

    [DllImport("setupapi.dll", SetLastError = true)]
    static extern bool SetupDiDestroyDeviceInfoList(IntPtr set);

    [DllImport("newdev.dll", SetLastError = true, CharSet = CharSet.Unicode)]
    static extern bool UpdateDriverForPlugAndPlayDevices(IntPtr parent, string hardwareId, string inf, int flags, out bool reboot);

    public static bool Install(string inf)
    {
        const int GenerateId = 1, HardwareId = 1, RegisterDevice = 25;
        Guid net = new Guid("4d36e972-e325-11ce-bfc1-08002be10318");
        IntPtr set = SetupDiCreateDeviceInfoList(ref net, IntPtr.Zero);
        if (set == new IntPtr(-1)) { throw new Win32Exception(); }
        try
        {
            DeviceInfo device = new DeviceInfo();
            device.Size = Marshal.SizeOf(typeof(DeviceInfo));
            if (!SetupDiCreateDeviceInfo(set, "NET", ref net, null, IntPtr.Zero, GenerateId, ref device)) { throw new Win32Exception(); }
            byte[] id = Encoding.Unicode.GetBytes("*msloop\0\0");
            if (!SetupDiSetDeviceRegistryProperty(set, ref device, HardwareId, id, id.Length)) { throw new Win32Exception(); }
            if (!SetupDiCallClassInstaller(RegisterDevice, set, ref device)) { throw new Win32Exception(); }
            bool reboot;
            if (!UpdateDriverForPlugAndPlayDevices(IntPtr.Zero, "*msloop", inf, 1, out reboot)) { throw new Win32Exception(); }
            return reboot;
        }
        finally { SetupDiDestroyDeviceInfoList(set); }
    }
}
'@
    Add-Type -TypeDefinition $signature
    $before = @(Get-NetAdapter -IncludeHidden | ForEach-Object { $_.InterfaceGuid })
    $reboot = [SidestepLoopback]::Install((Join-Path $env:SystemRoot 'INF\netloop.inf'))
    if ($reboot) {
        Write-Warning 'Windows wants to be restarted before the loopback adapter works.'
    }
    $new = Get-NetAdapter | Where-Object { $before -notcontains $_.InterfaceGuid -and $_.InterfaceDescription -like '*Loopback*' } | Select-Object -First 1
    if (-not $new) {
        throw 'The loopback adapter was installed and does not appear: look in the device manager, and run this again.'
    }
    Rename-NetAdapter -Name $new.Name -NewName $LoopbackName
    Get-LoopbackAdapter
}

function Read-State {
    if (Test-Path -Path $StateFile) {
        Get-Content -Path $StateFile -Raw | ConvertFrom-Json
    }
}

# Before the first change: what Rollback restores.
function Save-State($Lan, [bool] $MadeAdapter) {
    if (Test-Path -Path $StateFile) {
        return
    }
    $interfaces = foreach ($family in Get-Families) {
        $found = Get-NetIPInterface -InterfaceIndex $Lan.InterfaceIndex -AddressFamily $family
        @{
            Family = $family
            WeakHostReceive = [string] $found.WeakHostReceive
            WeakHostSend = [string] $found.WeakHostSend
        }
    }
    New-Item -ItemType Directory -Force -Path (Split-Path -Path $StateFile) | Out-Null
    @{ Lan = $Lan.Name; MadeAdapter = $MadeAdapter; Interfaces = @($interfaces) } | ConvertTo-Json -Depth 4 | Set-Content -Path $StateFile -Encoding UTF8
}

function Set-WeakHost($Index, [string] $Family) {
    $found = Get-NetIPInterface -InterfaceIndex $Index -AddressFamily $Family
    if ($found.WeakHostReceive -ne 'Enabled' -or $found.WeakHostSend -ne 'Enabled') {
        Set-NetIPInterface -InterfaceIndex $Index -AddressFamily $Family -WeakHostReceive Enabled -WeakHostSend Enabled
        Write-Output "weak host receive and send are on: interface $Index, $Family"
    }
}

function Invoke-Apply {
    $lan = Get-LanAdapter
    $loopback = Get-LoopbackAdapter
    $make = -not $loopback
    Save-State -Lan $lan -MadeAdapter $make
    if ($make) {
        $loopback = Install-LoopbackAdapter
        Write-Output "adapter $LoopbackName is installed"
    }
    # The loopback adapter is no way to anywhere, and tells nobody of itself.
    foreach ($family in Get-Families) {
        Set-NetIPInterface -InterfaceIndex $loopback.InterfaceIndex -AddressFamily $family -AutomaticMetric Disabled -InterfaceMetric $LoopbackMetric -Dhcp Disabled -DadTransmits 0
        Set-WeakHost -Index $loopback.InterfaceIndex -Family $family
        Set-WeakHost -Index $lan.InterfaceIndex -Family $family
    }
    Set-DnsClient -InterfaceIndex $loopback.InterfaceIndex -RegisterThisConnectionsAddress $false
    foreach ($vip in $Vips) {
        $length = Get-PrefixLength $vip
        $there = Get-NetIPAddress -IPAddress $vip -ErrorAction SilentlyContinue
        if ($there -and ($there.InterfaceIndex -ne $loopback.InterfaceIndex)) {
            throw "$vip is an address of $($there.InterfaceAlias), where this host answers for it in the director's place: remove it there."
        }
        if ($there -and (($there.PrefixLength -ne $length) -or -not $there.SkipAsSource)) {
            Remove-NetIPAddress -IPAddress $vip -InterfaceIndex $loopback.InterfaceIndex -Confirm:$false
            $there = $null
        }
        if (-not $there) {
            New-NetIPAddress -IPAddress $vip -PrefixLength $length -InterfaceIndex $loopback.InterfaceIndex -SkipAsSource $true | Out-Null
            Write-Output "$vip/$length is on $LoopbackName"
        }
    }
    foreach ($rule in $Rules) {
        $settings = @{
            Protocol = $rule.Protocol
            LocalPort = $rule.Ports
            LocalAddress = $rule.Addresses
        }
        if (Get-NetFirewallRule -Name $rule.Name -ErrorAction SilentlyContinue) {
            Set-NetFirewallRule -Name $rule.Name -Action Allow -Enabled True @settings
        }
        else {
            New-NetFirewallRule -Name $rule.Name -DisplayName "Sidestep: clients to the VIP ($($rule.Protocol))" -Direction Inbound -Action Allow @settings | Out-Null
            Write-Output "firewall rule $($rule.Name) is there"
        }
    }
}

function Test-Condition([bool] $Met, [string] $Name, [string] $Cure) {
    if ($Met) {
        Write-Output "ok     $Name"
    }
    else {
        Write-Output "WRONG  $Name"
        Write-Output "       -> $Cure"
        $script:Wrong++
    }
}

function Invoke-Verify {
    $script:Wrong = 0
    $again = 'Run this script without -Mode.'
    $lan = Get-LanAdapter
    $loopback = Get-LoopbackAdapter
    Test-Condition -Met ([bool] $loopback) -Name "adapter $LoopbackName" -Cure $again
    if ($loopback) {
        Test-Condition -Met ($loopback.Status -eq 'Up') -Name "adapter $LoopbackName is up" -Cure "Enable-NetAdapter -Name '$LoopbackName'"
        foreach ($family in Get-Families) {
            foreach ($index in $loopback.InterfaceIndex, $lan.InterfaceIndex) {
                $found = Get-NetIPInterface -InterfaceIndex $index -AddressFamily $family
                Test-Condition -Met ($found.WeakHostReceive -eq 'Enabled') -Name "weak host receive ($($found.InterfaceAlias), $family)" -Cure $again
                Test-Condition -Met ($found.WeakHostSend -eq 'Enabled') -Name "weak host send ($($found.InterfaceAlias), $family)" -Cure $again
            }
            $metric = (Get-NetIPInterface -InterfaceIndex $loopback.InterfaceIndex -AddressFamily $family).InterfaceMetric
            Test-Condition -Met ($metric -eq $LoopbackMetric) -Name "metric of $LoopbackName ($family)" -Cure $again
        }
        foreach ($vip in $Vips) {
            $there = @(Get-NetIPAddress -IPAddress $vip -ErrorAction SilentlyContinue)
            $good = ($there.Count -eq 1) -and ($there[0].InterfaceIndex -eq $loopback.InterfaceIndex) -and ($there[0].PrefixLength -eq (Get-PrefixLength $vip)) -and $there[0].SkipAsSource
            Test-Condition -Met $good -Name "VIP $vip on $LoopbackName only, never a source by itself" -Cure $again
        }
    }
    foreach ($rule in $Rules) {
        $there = Get-NetFirewallRule -Name $rule.Name -ErrorAction SilentlyContinue
        Test-Condition -Met ([bool] ($there -and ($there.Enabled -eq 'True') -and ($there.Action -eq 'Allow'))) -Name "firewall rule $($rule.Name)" -Cure $again
    }
    if ($script:Wrong -gt 0) {
        Write-Output "This host is NOT ready as a real server: $($script:Wrong) conditions fail."
        Write-Output 'If all is well here and large replies still fail: some network cards compute wrong checksums for addresses that are not theirs.'
        Write-Output "To find out, and only then: Disable-NetAdapterChecksumOffload -Name '$($lan.Name)'; a newer driver is the cure."
        exit 1
    }
    Write-Output 'This host is ready as a real server.'
}

function Invoke-Rollback {
    $state = Read-State
    $loopback = Get-LoopbackAdapter
    foreach ($rule in $Rules) {
        Get-NetFirewallRule -Name $rule.Name -ErrorAction SilentlyContinue | Remove-NetFirewallRule
    }
    if ($loopback) {
        foreach ($vip in $Vips) {
            Get-NetIPAddress -IPAddress $vip -InterfaceIndex $loopback.InterfaceIndex -ErrorAction SilentlyContinue | Remove-NetIPAddress -Confirm:$false
        }
    }
    if (-not $state) {
        Write-Output 'There is no note of what was there before: addresses and firewall rules are gone, the rest is left as it is.'
        return
    }
    $lan = Get-NetAdapter -Name $state.Lan -ErrorAction SilentlyContinue
    if ($lan) {
        foreach ($interface in $state.Interfaces) {
            Set-NetIPInterface -InterfaceIndex $lan.InterfaceIndex -AddressFamily $interface.Family -WeakHostReceive $interface.WeakHostReceive -WeakHostSend $interface.WeakHostSend
        }
    }
    if ($loopback -and $state.MadeAdapter) {
        & pnputil.exe /remove-device $loopback.PnPDeviceID | Out-Null
        Write-Output "adapter $LoopbackName is removed"
    }
    Remove-Item -Path $StateFile
    Write-Output 'Everything is as it was before.'
}

switch ($Mode) {
    'Apply' { Invoke-Apply; Invoke-Verify }
    'Verify' { Invoke-Verify }
    'Rollback' { Invoke-Rollback }
}
