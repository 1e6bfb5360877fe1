using System.Text.Json;
using Sidestep.SystemTests.Director;

namespace Sidestep.SystemTests.Managed;

/// <summary><c>sidestep preflight</c> says what automatic choice then does, and attaches nothing.</summary>
public sealed class PreflightTests
{
    [Fact]
    public void What_it_says_is_what_happens_and_its_cure_cures()
    {
        using var segment = new Segment(servers: 1);
        Assert.Equal(("xdp", "native"), Chosen(Preflight(segment)));
        Assert.Equal("none", KernelView.XdpMode(segment.Director, "eth0"));

        segment.Lan.SetPort(segment.Director, "eth0", "xdpdrv off");
        segment.Lan.SetPort(segment.Director, "eth0", "mtu 9000");
        segment.Director.Ip("link set eth0 mtu 9000");
        var jumbo = Preflight(segment);
        Assert.Equal(("xdp", "generic"), Chosen(jumbo));
        var cure = jumbo.GetProperty("drivers")[0].GetProperty("obstacles")[0].GetProperty("cure").GetString()!;
        Assert.Equal("ip link set dev eth0 mtu 1500", cure);
        Assert.Equal(("managed", "af-packet"), Chosen(Preflight(segment, "--engine", "managed")));
        segment.Start();
        Assert.Equal("generic", segment.Status().GetProperty("interfaces")[0].GetProperty("driver").GetString());
        Assert.Contains(segment.Status().GetProperty("daemon").GetProperty("notes").EnumerateArray(), n => n.GetString()!.Contains(cure, StringComparison.Ordinal));

        segment.Director.Run(cure.Split(' '));
        segment.Lan.SetPort(segment.Director, "eth0", "mtu 1500");
        Assert.Equal(("xdp", "native"), Chosen(Preflight(segment)));
    }

    [Fact]
    public void An_interface_that_is_not_there_is_an_error_that_names_those_that_are()
    {
        using var segment = new Segment(servers: 1);
        var result = Shell.Try(segment.Director.Enter(Repository.Executable("Sidestep.Cli", "sidestep"), "preflight", "eth9"));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("there is no interface 'eth9' here; there are lo, eth0", result.Output, StringComparison.Ordinal);
    }

    private static (string?, string?) Chosen(JsonElement judged) => (judged.GetProperty("engine").GetString(), judged.GetProperty("driver").GetString());

    private static JsonElement Preflight(Segment segment, params string[] more)
    {
        using var document = JsonDocument.Parse(Shell.Run(segment.Director.Enter([Repository.Executable("Sidestep.Cli", "sidestep"), "preflight", "eth0", "--json", .. more])));
        return document.RootElement.Clone();
    }
}
