using System.Text.RegularExpressions;

namespace Sidestep.SystemTests.Agent.Actions;

/// <summary>Files for network managers, and legacy configuration, in folders that look like hosts.</summary>
public sealed partial class RenderTests : IDisposable
{
    private readonly RealServer _setup = new();
    private readonly string _root = Directory.CreateTempSubdirectory("sidestep-agent-root-").FullName;

    private string Options => $"--vip {RealServer.Vip} --vip {RealServer.Vip6} --interface eth0 --root {_root}";

    public static TheoryData<string, string, string[]> NetworkManagers => new()
    {
        { "netplan", "etc/netplan/50-cloud-init.yaml",
            ["/etc/sysctl.d/60-sidestep.conf", "/etc/netplan/60-sidestep.yaml"] },
        { "networkd", "etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
            ["/etc/sysctl.d/60-sidestep.conf", "/etc/systemd/network/05-sidestep-lo.network"] },
        { "networkmanager", "etc/systemd/system/multi-user.target.wants/NetworkManager.service",
            ["/etc/sysctl.d/60-sidestep.conf", "/etc/NetworkManager/system-connections/sidestep-lo.nmconnection"] },
    };

    [Theory]
    [MemberData(nameof(NetworkManagers))]
    public void The_hosts_network_manager_is_detected_and_its_files_are_written_and_removed(string manager,
        string marker, string[] files)
    {
        Put(marker, "");
        Assert.Equal(files, FileNames(_setup.RunAgent($"render linux {Options}")));
        Assert.Equal(files, FileNames(_setup.RunAgent($"render linux --for {manager} {Options}")));
        Assert.Equal([marker], Files());

        _setup.RunAgent($"apply --persist {Options}");
        Assert.Equal(files.Select(static f => f[1..]).Append(marker).Order(StringComparer.Ordinal), Files());
        var settings = File.ReadAllText(Path.Combine(_root, "etc/sysctl.d/60-sidestep.conf"));
        foreach (var line in new[] { "net/ipv4/conf/all/arp_ignore = 1", "net/ipv4/conf/eth0/arp_announce = 2",
            "net/ipv4/conf/eth0/rp_filter = 2" })
            Assert.Contains(line, settings, StringComparison.Ordinal);
        var addresses = File.ReadAllText(Path.Combine(_root, files[1][1..]));
        Assert.Contains(RealServer.Vip + "/32", addresses, StringComparison.Ordinal);
        Assert.Contains(RealServer.Vip6 + "/128", addresses, StringComparison.Ordinal);
        Assert.Contains("persistence", ConditionsWithStatus("ok"));

        _setup.RunAgent($"remove --root {_root}");
        Assert.Equal([marker], Files());
    }

    [Fact]
    public void Sysctl_accepts_the_rendered_settings()
    {
        Put("etc/netplan/a.yaml", "");
        _setup.RunAgent($"apply --persist {Options}");
        var before = _setup.DumpState();
        foreach (var name in new[] { "all/arp_ignore", "all/arp_announce", "eth0/arp_ignore", "eth0/arp_announce",
            "eth0/rp_filter" })
            _setup.SetSysctl(name, 0);
        _setup.Server.Run("sysctl", "-q", "-p", Path.Combine(_root, "etc/sysctl.d/60-sidestep.conf"));
        Assert.Equal(before, _setup.DumpState());
    }

    [Fact]
    public void Ifupdown_gets_its_own_stanzas_beside_those_of_the_host()
    {
        Put("sbin/ifup", "");
        Put("usr/lib/ifupdown/ifupdown.sh", "");
        Put("etc/network/interfaces", "auto lo\niface lo inet loopback\n");
        Assert.Contains("does not read /etc/network/interfaces.d", _setup.TryAgent($"render linux {Options}").Error,
            StringComparison.Ordinal);
        Put("etc/network/interfaces", "source /etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\n");
        var text = _setup.RunAgent($"render linux {Options}");
        Assert.Contains(
            $"iface lo inet static\n    pre-up sysctl -q -e -p /etc/sysctl.d/60-sidestep.conf || true\n    address "
            + $"{RealServer.Vip}/32\n    scope host\n", text, StringComparison.Ordinal);
        Assert.Contains($"address {RealServer.Vip6}/128\n    dad-attempts 0\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Network_scripts_get_their_own_ifcfg_file_and_reject_IPv6()
    {
        Put("etc/sysconfig/network-scripts/ifcfg-lo", "DEVICE=lo\nIPADDR=127.0.0.1\n");
        Assert.Contains("is an IPv6 address, which ifcfg files allow only in ifcfg-lo itself",
            _setup.TryAgent($"render linux {Options}").Error, StringComparison.Ordinal);
        var text = _setup.RunAgent($"render linux --vip {RealServer.Vip} --interface eth0 --root {_root}");
        Assert.Equal(["/etc/sysctl.d/60-sidestep.conf", "/etc/sysconfig/network-scripts/ifcfg-lo:51"], FileNames(text));
        Assert.Contains($"DEVICE=lo:51\nIPADDR={RealServer.Vip}\nNETMASK=255.255.255.255\nONBOOT=yes\nARPUPDATE=no\n",
            text, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_network_managers_are_an_error_that_changes_nothing()
    {
        Put("etc/systemd/system/multi-user.target.wants/systemd-networkd.service", "");
        Put("etc/systemd/system/multi-user.target.wants/NetworkManager.service", "");
        var before = _setup.DumpState();
        var result = _setup.TryAgent($"apply --persist {Options}");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("more than one network manager that could configure lo: networkd", result.Error,
            StringComparison.Ordinal);
        Assert.Equal(before, _setup.DumpState());
        Assert.Contains("05-sidestep-lo.network", _setup.RunAgent($"render linux --for networkd {Options}"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_existing_network_file_for_lo_gets_a_drop_in()
    {
        Put("etc/systemd/system/multi-user.target.wants/systemd-networkd.service", "");
        Put("etc/systemd/network/10-lo.network", "[Match]\nName=lo\n[Network]\nAddress=192.0.2.1/32\n");
        var text = _setup.RunAgent($"render linux {Options}");
        Assert.Contains("### /etc/systemd/network/10-lo.network.d/sidestep.conf", text, StringComparison.Ordinal);
        Assert.DoesNotContain("[Match]", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Systemd_accepts_the_unit_of_the_agent()
    {
        Put("spec.json", "{}");
        var text = _setup.RunAgent($"render linux --for agent --spec {_root}/spec.json --interface eth0");
        Assert.Matches(ExecStart(), text);
        var unit = Path.Combine(_root, "sidestep-agent.service");
        File.WriteAllText(unit, text);
        // It exits with 1 and prints a message if it does not know a key.
        var result = Shell.Try("systemd-analyze", "verify", "--man=no", unit);
        Assert.True(result.ExitCode == 0
            && !result.Error.Contains("sidestep-agent.service", StringComparison.Ordinal), result.Error);
    }

    /// <summary>Legacy configuration as hosts have it: file, content, status, and a part of the remedy.</summary>
    public static TheoryData<string, string, string, string> LegacyConfigurations => new()
    {
        { "etc/rc.local", "ip link set eth1:1 arp off\n", "wrong", "disables ARP on all of eth1" },
        { "etc/rc.local", "ifconfig eth0 203.0.113.10 netmask 255.255.255.255 -arp up\n", "wrong",
            "disables ARP on all of eth0" },
        { "etc/rc.local", "ifconfig lo:0 203.0.113.10 netmask 255.255.255.255 -arp up\n", "note", "Harmless" },
        { "etc/sysconfig/network-scripts/ifcfg-lo",
            "DEVICE=lo:1\nIPADDRESS=203.0.113.10\nNETMASK=255.255.255.255\nONBOOT=yes\nNAME=loopback\n", "wrong",
            "127.0.0.1 is missing" },
        { "etc/sysconfig/network-scripts/ifcfg-lo:1", "DEVICE=lo:1\nIPADDRESS=203.0.113.10\nARPUPDATE=no\n", "note",
            "The scripts read IPADDR" },
        { "etc/sysconfig/network-scripts/ifcfg-lo:1", "DEVICE=lo:1\nIPADDR=203.0.113.10\n", "note",
            "add ARPUPDATE=no" },
        { "etc/sysconfig/network-scripts/ifcfg-eth0:1", "DEVICE=eth0:1\nIPADDR=203.0.113.10\n", "wrong",
            "announces the VIP by ARP" },
        { "etc/sysctl.conf", "net.ipv4.ip_forward = 1\n", "note", "DSR does not need it" },
        { "etc/sysctl.d/70-other.conf", "net.ipv4.conf.all.arp_ignore=0\n", "note",
            "reverts what a real server needs" },
        { "etc/sysctl.d/70-other.conf", "net/ipv4/conf/eth0/rp_filter = 1\n", "note",
            "reverts what a real server needs" },
    };

    [Theory]
    [MemberData(nameof(LegacyConfigurations))]
    public void Legacy_configuration_is_recognised(string file, string text, string status, string remedy)
    {
        _setup.RunAgent($"apply --vip {RealServer.Vip} --interface eth0 --root {_root}");
        Assert.DoesNotContain("legacy-config", ConditionsWithStatus("note").Concat(ConditionsWithStatus("wrong")));
        Put(file, text);
        var result = _setup.TryAgent($"verify --json --root {_root}");
        Assert.Equal(status == "wrong" ? 1 : 0, result.ExitCode);
        using var document = System.Text.Json.JsonDocument.Parse(result.Output);
        Assert.Contains(document.RootElement.GetProperty("conditions").EnumerateArray(),
            c => c.GetProperty("name").GetString() == "legacy-config"
            && c.GetProperty("status").GetString() == status && c.GetProperty("subject").GetString() == "/" + file
            && c.GetProperty("remedy").GetString()!.Contains(remedy, StringComparison.Ordinal));
    }

    [Fact]
    public void An_interface_with_ARP_disabled_is_reported()
    {
        _setup.RunAgent($"apply --vip {RealServer.Vip} --interface eth0 --root {_root}");
        _setup.Server.Ip("link set eth0 arp off");
        Assert.Equal(["legacy-config eth0"], _setup.WrongConditions());
        _setup.Server.Ip("link set eth0 arp on");
        Assert.Empty(_setup.WrongConditions());
    }

    public void Dispose()
    {
        _setup.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [GeneratedRegex(@"(?m)^ExecStart=/\S*sidestep-agent run --spec \S+/spec.json --interface eth0$")]
    private static partial Regex ExecStart();

    private void Put(string path, string text)
    {
        var full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    private List<string> Files() =>
        [.. Directory.GetFiles(_root, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(_root, f))
        .Order(StringComparer.Ordinal)];

    private static string[] FileNames(string rendered) =>
        [.. rendered.Split('\n').Where(static l => l.StartsWith("### /", StringComparison.Ordinal))
            .Select(static l => l.Split(' ')[1])];

    private List<string> ConditionsWithStatus(string status)
    {
        using var document =
            System.Text.Json.JsonDocument.Parse(_setup.TryAgent($"verify --json --root {_root}").Output);
        return [.. document.RootElement.GetProperty("conditions").EnumerateArray()
            .Where(c => c.GetProperty("status").GetString() == status)
            .Select(static c => c.GetProperty("name").GetString()!)];
    }
}
