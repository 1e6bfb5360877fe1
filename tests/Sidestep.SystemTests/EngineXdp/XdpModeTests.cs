using System.Text.Json;

namespace Sidestep.SystemTests.EngineXdp;

/// <summary>The mode in which the program is attached, as the kernel reports it.</summary>
public sealed class XdpModeTests
{
    [Theory]
    [InlineData("auto", "native")]
    [LongInlineData("native", "native")]
    [InlineData("generic", "generic")]
    public void A_capable_device_gets_the_configured_mode(string configured, string expected)
    {
        using var segment = new Segment();
        segment.File = segment.File with { Interfaces = [("eth0", configured)] };
        segment.Start();
        Assert.Equal(expected, KernelXdp.Mode(segment.Director, "eth0"));
        Assert.Equal(expected, Mode(segment));
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;
        traffic.WaitForSent(100);
        ExchangeAssert.AllAnswered([.. traffic.Stop().Skip(first)]);
    }

    [Fact]
    public void An_edit_changes_the_mode()
    {
        using var segment = new Segment(servers: 1);
        segment.Start();
        foreach (var mode in new[] { "generic", "auto", "native" })
        {
            segment.Apply(segment.File with { Interfaces = [("eth0", mode)] });
            // The driver auto keeps a working mode: changing it would cause a gap.
            Assert.Equal(mode == "native" ? "native" : "generic", KernelXdp.Mode(segment.Director, "eth0"));
        }
    }

    /// <summary>A bridge has no native XDP, and veth has none with frames that exceed a page.</summary>
    [Theory]
    [InlineData("bridge")]
    [LongInlineData("jumbo")]
    public void Without_native_support_native_fails_and_auto_falls_back_with_a_reason(string device)
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
            segment.Lan.SetPortState(segment.Director, "eth0", "xdpdrv off");
            segment.Lan.SetPortState(segment.Director, "eth0", "mtu 9000");
            segment.Director.Ip("link set eth0 mtu 9000");
        }
        segment.Write(segment.File with { Interfaces = [(name, "native")] });
        using (var rejected = segment.Launch())
        {
            Assert.Equal(1, rejected.WaitForExit());
            Assert.Contains(
                $"interface '{name}' cannot take native XDP", rejected.CombinedOutput, StringComparison.Ordinal);
            Assert.Contains("set its driver to auto or generic", rejected.CombinedOutput, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", rejected.CombinedOutput, StringComparison.Ordinal);
        }

        segment.Write(segment.File with { Interfaces = [(name, "auto")] });
        var daemon = segment.Start();
        Assert.Equal("generic", KernelXdp.Mode(segment.Director, name));
        Assert.Equal("generic", Mode(segment));
        Assert.Contains("native mode was refused", Assert.Single(Notes(segment)), StringComparison.Ordinal);

        // After a restart the note is still there.
        daemon.Kill();
        segment.Start();
        Assert.Contains(Notes(segment), static n => n.Contains("attached by generic", StringComparison.Ordinal));
    }

    private static string Mode(Segment segment) =>
        segment.Status().GetProperty("interfaces")[0].GetProperty("driver").GetString()!;

    private static string[] Notes(Segment segment) =>
        [.. segment.Status().GetProperty("daemon").GetProperty("notes").EnumerateArray().Select(
            static (JsonElement n) => n.GetString()!)];
}
