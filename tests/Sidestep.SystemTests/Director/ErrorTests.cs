namespace Sidestep.SystemTests.Director;

/// <summary>What stands in the way is named, with what to do about it, and the exit code is 1.</summary>
public sealed class ErrorTests
{
    private static readonly string[] Nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
        // The program may lie where nobody may look: reading is all that is left.
        "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search", "--bounding-set=-all,+dac_read_search"];

    [Fact]
    public void NotRoot() => Refused(Nobody, "not allowed to load XDP programs", "CAP_NET_ADMIN", "CAP_BPF", "Run as root");

    [Theory]
    [InlineData("net_admin", "CAP_NET_ADMIN")]
    [InlineData("net_raw", "CAP_NET_RAW")]
    public void AMissingCapability(string capability, string named) =>
        Refused(["setpriv", $"--inh-caps=-{capability}", $"--bounding-set=-{capability}"], $"{named} missing", "Run as root");

    [Fact]
    public void TheCapabilitiesThatTheErrorAsksForSuffice()
    {
        using var segment = new Segment();
        const string Enough = "-all,+bpf,+net_admin,+net_raw,+perfmon";
        var daemon = segment.Launch("setpriv", $"--inh-caps={Enough}", $"--bounding-set={Enough}").Until(Daemon.Ready);
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        Assert.Equal(0, daemon.End());
    }

    [Fact]
    public void NoSuchInterface() => Refused(static f => f with { Interfaces = [("eth9", "auto")] }, [], "there is no interface 'eth9'", "ip link");

    [Fact]
    public void NoSuchFile()
    {
        using var segment = new Segment(servers: 1);
        using var daemon = new Daemon(segment.Director, Path.Combine(segment.Lan.Folder, "none.yaml"));
        Says(daemon, "none.yaml");
    }

    [Fact]
    public void AnInvalidConfiguration() => Refused(
        static f => f with { Services = [new ServiceLine("echo", Segment.Vip, 70000), new ServiceLine("echo", "203.0.113.300", 1)] }, [],
        "sidestep.yaml:", "70000", "203.0.113.300");

    [Theory]
    [InlineData("xdpdrv")]
    [InlineData("xdpgeneric")]
    public void AnotherProgramIsAttached(string mode)
    {
        using var segment = new Segment(servers: 1);
        segment.File = segment.File with { More = ["engine: xdp"] };
        segment.Lan.AttachForeignProgram(segment.Director, "eth0", mode);
        Says(segment.Launch(), "the XDP program 'pass'", "already attached to interface 'eth0'", $"ip link set dev eth0 {mode} off");
        Assert.Equal(["pass"], KernelView.XdpPrograms(segment.Director, "eth0"));
        // The cure cures.
        segment.Director.Ip($"link set dev eth0 {mode} off");
        segment.Start();
    }

    [Fact]
    public void LibbpfIsMissing()
    {
        var library = Shell.Run("ldconfig", "-p").Split('\n').First(static l => l.Contains("libbpf.so.1", StringComparison.Ordinal)).Split("=> ")[1];
        Refused(static f => f with { More = ["engine: xdp"] }, ["unshare", "--mount", "sh", "-c", $"mount --bind /dev/null {library} && exec \"$@\"", "sh"], "libbpf.so.1 is not installed", "apt-get install libbpf1");
    }

    [Fact]
    public void ASecondDaemonOfTheSameName()
    {
        using var segment = new Segment();
        var first = segment.Start();
        Says(segment.Launch(), "another sidestepd runs", $"pid {first.Id}", "director.name");
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
    }

    [Theory]
    [InlineData("/proc/sidestep-test")]
    [InlineData("/sys/sidestep-test")]
    public void NoPlaceForPinnedState(string path) => Refused(f => f with { PinPath = path }, [], path, "mount -t bpf bpf");

    [Fact]
    public void WhereThereIsNoBpffsOneIsMounted()
    {
        using var segment = new Segment(servers: 1);
        var folder = Directory.CreateDirectory(Path.Combine(segment.Lan.Folder, "pins")).FullName;
        segment.File = segment.File with { PinPath = folder };
        try
        {
            var daemon = segment.Start();
            Assert.Contains("no bpffs was mounted: mounted one", daemon.Said, StringComparison.Ordinal);
            Assert.NotEmpty(Directory.GetFiles(segment.PinFolder));
            Assert.Equal(0, daemon.End());
        }
        finally
        {
            Shell.Run("umount", folder);
        }
    }

    private static void Refused(Func<DirectorFile, DirectorFile> change, string[] wrapper, params string[] words)
    {
        using var segment = new Segment(servers: 1);
        segment.Write(change(segment.File));
        Says(segment.Launch(wrapper), words);
        Assert.Equal("none", KernelView.XdpMode(segment.Director, "eth0"));
    }

    private static void Refused(string[] wrapper, params string[] words) => Refused(static f => f, wrapper, words);

    private static void Says(Daemon daemon, params string[] words)
    {
        Assert.Equal(1, daemon.Exit());
        Assert.All(words, w => Assert.Contains(w, daemon.Said, StringComparison.Ordinal));
        // Of a stack trace nobody learns what to do.
        Assert.DoesNotContain("   at Sidestep", daemon.Said, StringComparison.Ordinal);
    }
}
