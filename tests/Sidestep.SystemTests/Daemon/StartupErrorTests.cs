namespace Sidestep.SystemTests.Daemon;

/// <summary>A failed start names the obstacle and the remedy, and the exit code is 1.</summary>
public sealed class StartupErrorTests
{
    private static readonly string[] AsUnprivilegedUser = ["setpriv", "--reuid=65534", "--regid=65534",
        "--clear-groups",
        // The program may be in a folder that other users cannot enter, so that only the capability to read is left.
        "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search",
            "--bounding-set=-all,+dac_read_search"];

    [Fact]
    public void Starting_as_an_unprivileged_user_names_the_missing_capabilities() =>
        AssertStartFails(AsUnprivilegedUser, "not allowed to load XDP programs", "CAP_NET_ADMIN", "CAP_BPF",
        "Run as root");

    [Theory]
    [InlineData("net_admin", "CAP_NET_ADMIN")]
    [LongInlineData("net_raw", "CAP_NET_RAW")]
    public void A_missing_capability_is_named(string capability, string named) =>
        AssertStartFails(["setpriv", $"--inh-caps=-{capability}", $"--bounding-set=-{capability}"], $"{named} missing",
        "Run as root");

    [Fact]
    public void The_capabilities_named_in_the_error_suffice()
    {
        using var segment = new Segment();
        const string Enough = "-all,+bpf,+net_admin,+net_raw,+perfmon";
        var daemon = segment.Launch("setpriv", $"--inh-caps={Enough}", $"--bounding-set={Enough}")
            .Until(DaemonProcess.Ready);
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        Assert.Equal(0, daemon.Terminate());
    }

    [Fact]
    public void A_missing_interface_is_named() =>
        AssertStartFails(static f =>
        f with { Interfaces = [("eth9", "auto")] }, [], "there is no interface 'eth9'", "ip link");

    [Fact]
    public void A_missing_configuration_file_is_named()
    {
        using var segment = new Segment(servers: 1);
        using var daemon = new DaemonProcess(segment.Director, Path.Combine(segment.Lan.Folder, "none.yaml"));
        AssertExitsWith(daemon, "none.yaml");
    }

    [Fact]
    public void An_invalid_configuration_is_rejected_with_every_error() => AssertStartFails(
        static f =>
        f with { Services = [new UdpService("echo", Segment.Vip, 70000), new UdpService("echo", "203.0.113.300", 1)] },
        [],
        "sidestep.yaml:", "70000", "203.0.113.300");

    [Theory]
    [InlineData("xdpdrv")]
    [LongInlineData("xdpgeneric")]
    public void A_foreign_XDP_program_is_named_with_the_command_that_detaches_it(string mode)
    {
        using var segment = new Segment(servers: 1);
        segment.File = segment.File with { NodeLines = ["engine: xdp"] };
        segment.Lan.AttachForeignProgram(segment.Director, "eth0", mode);
        AssertExitsWith(segment.Launch(), "the XDP program 'pass'", "already attached to interface 'eth0'",
            $"ip link set dev eth0 {mode} off");
        Assert.Equal(["pass"], KernelXdp.ProgramNames(segment.Director, "eth0"));
        // The remedy works.
        segment.Director.Ip($"link set dev eth0 {mode} off");
        segment.Start();
    }

    [Fact]
    public void A_missing_libbpf_is_reported_with_the_install_command()
    {
        var library = Shell.Run("ldconfig", "-p").Split('\n')
            .First(static l => l.Contains("libbpf.so.1", StringComparison.Ordinal)).Split("=> ")[1];
        AssertStartFails(static f =>
            f with { NodeLines = ["engine: xdp"] },
            ["unshare", "--mount", "sh", "-c", $"mount --bind /dev/null {library} && exec \"$@\"", "sh"],
            "libbpf.so.1 is not installed", "apt-get install libbpf1");
    }

    [Fact]
    public void A_second_daemon_with_the_same_name_is_rejected()
    {
        using var segment = new Segment();
        var first = segment.Start();
        AssertExitsWith(segment.Launch(), "another sidestepd runs", $"pid {first.Id}", "node.name");
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
    }

    [Theory]
    [InlineData("/proc/sidestep-test")]
    [LongInlineData("/sys/sidestep-test")]
    public void A_pin_path_outside_bpffs_is_rejected_with_the_mount_command(string path) =>
        AssertStartFails(f => f with { PinPath = path }, [], path, "mount -t bpf bpf");

    [Fact]
    public void The_daemon_mounts_a_bpffs_where_there_is_none()
    {
        using var segment = new Segment(servers: 1);
        var folder = Directory.CreateDirectory(Path.Combine(segment.Lan.Folder, "pins")).FullName;
        segment.File = segment.File with { PinPath = folder };
        try
        {
            var daemon = segment.Start();
            Assert.Contains("no bpffs was mounted: mounted one", daemon.CombinedOutput, StringComparison.Ordinal);
            Assert.NotEmpty(Directory.GetFiles(segment.PinFolder));
            Assert.Equal(0, daemon.Terminate());
        }
        finally
        {
            Shell.Run("umount", folder);
        }
    }

    private static void AssertStartFails(Func<DirectorConfiguration, DirectorConfiguration> change, string[] wrapper,
        params string[] expected)
    {
        using var segment = new Segment(servers: 1);
        segment.Write(change(segment.File));
        AssertExitsWith(segment.Launch(wrapper), expected);
        Assert.Equal("none", KernelXdp.Mode(segment.Director, "eth0"));
    }

    private static void AssertStartFails(string[] wrapper, params string[] expected) =>
        AssertStartFails(static f => f, wrapper, expected);

    private static void AssertExitsWith(DaemonProcess daemon, params string[] expected)
    {
        Assert.Equal(1, daemon.WaitForExit());
        Assert.All(expected, w => Assert.Contains(w, daemon.CombinedOutput, StringComparison.Ordinal));
        // A stack trace is no message for an operator.
        Assert.DoesNotContain("   at Sidestep", daemon.CombinedOutput, StringComparison.Ordinal);
    }
}
