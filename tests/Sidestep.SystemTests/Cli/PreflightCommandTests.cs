using System.Text.Json;

namespace Sidestep.SystemTests.Cli;

/// <summary><c>sidestep preflight</c> predicts the automatic choice of a driver, and attaches nothing.</summary>
public sealed class PreflightCommandTests
{
    [Fact]
    public void Preflight_predicts_the_chosen_driver_and_its_remedy_works()
    {
        using var segment = new Segment(servers: 1);
        Assert.Equal(("xdp", "native"), Chosen(Preflight(segment)));
        Assert.Equal("none", KernelXdp.Mode(segment.Director, "eth0"));

        segment.Lan.SetPortState(segment.Director, "eth0", "xdpdrv off");
        segment.Lan.SetPortState(segment.Director, "eth0", "mtu 9000");
        segment.Director.Ip("link set eth0 mtu 9000");
        var jumbo = Preflight(segment);
        Assert.Equal(("xdp", "generic"), Chosen(jumbo));
        var remedy = jumbo.GetProperty("drivers")[0].GetProperty("obstacles")[0].GetProperty("remedy").GetString()!;
        Assert.Equal("ip link set dev eth0 mtu 1500", remedy);
        Assert.Equal(("managed", "af-packet"), Chosen(Preflight(segment, "--engine", "managed")));
        segment.Start();
        Assert.Equal("generic", segment.Status().GetProperty("interfaces")[0].GetProperty("driver").GetString());
        Assert.Contains(segment.Status().GetProperty("daemon").GetProperty("notes").EnumerateArray(), n =>
            n.GetString()!.Contains(remedy, StringComparison.Ordinal));

        segment.Director.Run(remedy.Split(' '));
        segment.Lan.SetPortState(segment.Director, "eth0", "mtu 1500");
        Assert.Equal(("xdp", "native"), Chosen(Preflight(segment)));
    }

    [Fact]
    public void A_missing_interface_is_an_error_that_names_the_existing_ones()
    {
        using var segment = new Segment(servers: 1);
        var result = Shell.Try(segment.Director.Enter(Repository.Executable("Sidestep.Cli", "sidestep"), "preflight",
            "eth9"));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("there is no interface 'eth9'; this machine has lo, eth0", result.Output,
            StringComparison.Ordinal);
    }

    private static (string?, string?) Chosen(JsonElement report) =>
        (report.GetProperty("engine").GetString(), report.GetProperty("driver").GetString());

    private static JsonElement Preflight(Segment segment, params string[] more)
    {
        using var document =
            JsonDocument.Parse(Shell.Run(segment.Director.Enter([Repository.Executable("Sidestep.Cli", "sidestep"),
                "preflight", "eth0", "--json", .. more])));
        return document.RootElement.Clone();
    }
}
