using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Sidestep.SystemTests.Agent.Persistence;

/// <summary>The files that restore VIPs after a restart, read by the programs that read them on hosts, in a network
/// namespace.</summary>
public sealed partial class PersistenceFileTests : IDisposable
{
    private static readonly string Readers = Path.Combine(Repository.Root, "artifacts", "network-readers");
    private readonly RealServer _setup = new();
    private readonly string _root = Directory.CreateTempSubdirectory("sidestep-agent-root-").FullName;

    [Fact]
    public void Networkd_adds_the_VIPs_to_lo()
    {
        Render("networkd");
        Networkd("etc/systemd/network");
        Assert.Contains("scope host", Line(RealServer.Vip), StringComparison.Ordinal);
        AssertIPv6Vip(nodad: true);
    }

    [Fact]
    public void Netplan_generates_files_from_which_networkd_adds_the_VIPs_to_lo()
    {
        Render("netplan");
        Shell.Run("env", Libraries, Path.Combine(Readers, "usr/libexec/netplan/generate"), "--root-dir", _root);
        Networkd("run/systemd/network");
        Assert.NotEmpty(Line(RealServer.Vip));
        AssertIPv6Vip(nodad: false);
    }

    [Fact]
    public void Ifup_applies_the_sysctls_before_the_addresses()
    {
        Put("etc/network/interfaces", $"source {_root}/etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\n");
        Render("ifupdown");
        _setup.SetSysctl("eth0/arp_ignore", 0);
        RunInside($"mkdir /run/network; mount --bind {_root}/etc/sysctl.d /etc/sysctl.d; exec {Readers}/sbin/ifup "
            + $"--interfaces={_root}/etc/network/interfaces lo");
        Assert.Equal(1, _setup.Sysctl("eth0/arp_ignore"));
        Assert.Contains("scope host", Line(RealServer.Vip), StringComparison.Ordinal);
        AssertIPv6Vip(nodad: true);

        RunInside($"mkdir /run/network; echo lo=lo > /run/network/ifstate; exec {Readers}/sbin/ifdown --force "
            + $"--interfaces={_root}/etc/network/interfaces lo");
        Assert.Empty(Line(RealServer.Vip));
    }

    /// <summary>NetworkManager's own library parses the profile and writes it again.</summary>
    [Fact]
    public void NetworkManager_parses_the_profile()
    {
        Render("networkmanager");
        var parsed = Shell.Run("env", Libraries, "sh", "-ec",
            $"exec {Readers}/usr/bin/nmcli --offline connection modify connection.autoconnect-priority 1 < "
                + $"{_root}/etc/NetworkManager/system-connections/sidestep-lo.nmconnection");
        foreach (var part in new[] { "type=loopback", "interface-name=lo", $"address1={RealServer.Vip}/32",
            $"address1={RealServer.Vip6}/128", "method=manual" })
            Assert.Contains(part, parsed, StringComparison.Ordinal);
    }

    [Fact]
    public void Systemd_applies_the_sysctls()
    {
        Render("networkd");
        foreach (var name in new[] { "all/arp_ignore", "all/arp_announce", "eth0/arp_ignore", "eth0/arp_announce",
            "eth0/rp_filter" })
            _setup.SetSysctl(name, 0);
        _setup.Server.Run("/lib/systemd/systemd-sysctl", Path.Combine(_root, "etc/sysctl.d/60-sidestep.conf"));
        Assert.Equal((1, 2, 1, 2, 2),
            (_setup.Sysctl("all/arp_ignore"), _setup.Sysctl("all/arp_announce"), _setup.Sysctl("eth0/arp_ignore"),
            _setup.Sysctl("eth0/arp_announce"), _setup.Sysctl("eth0/rp_filter")));
    }

    public void Dispose()
    {
        _setup.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private static string Libraries => $"LD_LIBRARY_PATH={Readers}/usr/lib/x86_64-linux-gnu";

    [GeneratedRegex(@"(?m)^### (/\S+) .*\n((?:(?!### /).*\n)*)")]
    private static partial Regex RenderedFile();

    /// <summary>Writes the rendered files below the root of the test.</summary>
    private void Render(string manager)
    {
        Assert.True(Directory.Exists(Readers),
            "eng/network-readers.sh fetches the programs that read these files; ./test runs it");
        var text = _setup.RunAgent(
            $"render linux --for {manager} --vip {RealServer.Vip} --vip {RealServer.Vip6} --interface eth0 --root "
            + $"{_root}") + "\n";
        foreach (Match file in RenderedFile().Matches(text))
            Put(file.Groups[1].Value[1..], file.Groups[2].Value);
    }

    /// <summary>With a read-only /sys, networkd assumes a container and does not wait for udev.</summary>
    private void Networkd(string folder)
    {
        Shell.Run("chmod", "-R", "a+rX", _root);
        using var networkd =
            Start($"mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases "
            + $"/run/systemd/netif/lldp; chown -R systemd-network: /run/systemd/netif; "
            + $"mount --bind {_root}/{folder} /etc/systemd/network; mount -o remount,bind,ro /sys; exec "
                + $"/lib/systemd/systemd-networkd");
        try
        {
            Eventually.True(() => Line(RealServer.Vip).Length > 0 && Line(RealServer.Vip6).Length > 0,
                () => $"not on lo:\n{_setup.Server.Ip("address show dev lo")}");
        }
        finally
        {
            networkd.Kill(entireProcessTree: true);
            networkd.WaitForExit();
        }
    }

    private void AssertIPv6Vip(bool nodad)
    {
        var line = Line(RealServer.Vip6);
        Assert.Contains("deprecated", line, StringComparison.Ordinal);
        Assert.True(!nodad || line.Contains("nodad", StringComparison.Ordinal), line);
    }

    private string Line(string address) => _setup.Server.Ip("-o address show dev lo").Split('\n')
        .FirstOrDefault(l => l.Contains($" {address}/", StringComparison.Ordinal), "");

    /// <summary>Runs in the server's network namespace, with its own mount namespace and a private /run.</summary>
    private void RunInside(string script)
    {
        using var process = Start(script);
        var error = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(20)), "still running");
        Assert.True(process.ExitCode == 0, error.GetAwaiter().GetResult());
    }

    private Process Start(string script) =>
        Shell.Start("ip", "netns", "exec", _setup.Server.Name, "unshare", "--mount", "sh", "-ec",
            "mount -t tmpfs tmpfs /run; " + script);

    private void Put(string path, string text)
    {
        var full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
