using System.Text.Json;

namespace Sidestep.SystemTests.Director;

/// <summary>Where the program is attached, as the kernel says.</summary>
public sealed class ModeTests
{
    [Theory]
    [InlineData("auto", "native")]
    [InlineData("native", "native")]
    [InlineData("generic", "generic")]
    public void OnADeviceThatCanTheModeIsAsAsked(string asked, string expected)
    {
        using var segment = new Segment();
        segment.File = segment.File with { Interfaces = [("eth0", asked)] };
        segment.Start();
        Assert.Equal(expected, KernelView.XdpMode(segment.Director, "eth0"));
        Assert.Equal(expected, Mode(segment));
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        var first = traffic.Count;
        traffic.Pass(100);
        NoLoss.Among([.. traffic.Stop().Skip(first)]);
    }

    [Fact]
    public void TheModeChangesByAnEdit()
    {
        using var segment = new Segment(servers: 1);
        segment.Start();
        foreach (var mode in new[] { "generic", "auto", "native" })
        {
            segment.Apply(segment.File with { Interfaces = [("eth0", mode)] });
            // Automatic mode keeps what works: changing it would be a gap.
            Assert.Equal(mode == "native" ? "native" : "generic", KernelView.XdpMode(segment.Director, "eth0"));
        }
    }

    /// <summary>A bridge has no native XDP, and a veth none with frames that do not fit a page.</summary>
    [Theory]
    [InlineData("bridge")]
    [InlineData("jumbo")]
    public void OnADeviceThatCannotNativeIsAnErrorAndAutoFallsBackAndSaysWhy(string device)
    {
        using var segment = new Segment(servers: 1);
        var name = "eth0";
        if (device == "bridge")
        {
            name = "br9";
            segment.Director.Ip("link add br9 type bridge stp_state 0 forward_delay 0");
            segment.Director.Ip("link set eth0 master br9");
            segment.Director.Ip($"address del {Segment.DirectorAddress}/24 dev eth0");
            segment.Director.Ip("link set br9 addrgenmode none up");
            segment.Director.Ip($"address add {Segment.DirectorAddress}/24 dev br9");
        }
        else
        {
            segment.Lan.SetPort(segment.Director, "eth0", "xdpdrv off");
            segment.Lan.SetPort(segment.Director, "eth0", "mtu 9000");
            segment.Director.Ip("link set eth0 mtu 9000");
        }
        segment.Write(segment.File with { Interfaces = [(name, "native")] });
        using (var refused = segment.Launch())
        {
            Assert.Equal(1, refused.Exit());
            Assert.Contains($"interface '{name}' cannot take native XDP", refused.Said, StringComparison.Ordinal);
            Assert.Contains("set its driver to auto or generic", refused.Said, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", refused.Said, StringComparison.Ordinal);
        }

        segment.Write(segment.File with { Interfaces = [(name, "auto")] });
        var daemon = segment.Start();
        Assert.Equal("generic", KernelView.XdpMode(segment.Director, name));
        Assert.Equal("generic", Mode(segment));
        Assert.Contains("native mode was refused", Assert.Single(Notes(segment)), StringComparison.Ordinal);

        // After a restart it is still to be seen.
        daemon.Kill();
        segment.Start();
        Assert.Contains(Notes(segment), static n => n.Contains("attached by generic", StringComparison.Ordinal));
    }

    private static string Mode(Segment segment) => segment.Status().GetProperty("interfaces")[0].GetProperty("driver").GetString()!;

    private static string[] Notes(Segment segment) =>
        [.. segment.Status().GetProperty("daemon").GetProperty("notes").EnumerateArray().Select(static (JsonElement n) => n.GetString()!)];
}
