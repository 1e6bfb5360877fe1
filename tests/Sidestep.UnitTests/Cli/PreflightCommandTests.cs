using System.Text.Json.Nodes;
using Sidestep.Cli;
using Sidestep.Cli.Commands;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Drivers;

namespace Sidestep.UnitTests.Cli;

public sealed class PreflightCommandTests
{
    private static readonly InterfaceCapabilities Capable = new()
    {
        Name = "eth0",
        DeviceDriver = "mlx5_core",
        Queues = 4,
        Cpus = 4,
        SupportsXdp = true,
        SupportsZeroCopy = true,
    };

    [Fact]
    public void Best_driver_is_chosen_where_all_work()
    {
        var run = Run(Capable);
        Assert.Equal((ExitCode.Ok, ""), (run.Code, run.Error));
        Assert.Equal(["eth0: engine xdp, driver native", "native     works", "generic    works", "af-xdp     works",
            "af-packet  works"],
            run.Lines);
    }

    [Fact]
    public void Obstacle_has_its_reason_and_remedy_below_the_driver()
    {
        var run = Run(Capable with { MissingBpfCapabilities = ["CAP_BPF"] });
        Assert.Equal("eth0: engine managed, driver af-packet", run.Lines[0]);
        Assert.Equal("native     does not work", run.Lines[1]);
        var obstacle = DriverSelection.Of(Capable with { MissingBpfCapabilities = ["CAP_BPF"] }).Drivers[0].Obstacles[
            0];
        Assert.Equal([obstacle.Reason, $"remedy: {obstacle.Remedy}"], run.Lines[2..4]);
    }

    [Fact]
    public void Command_fails_when_no_driver_works()
    {
        var run = Run(Capable with { IsEthernet = false });
        Assert.Equal((ExitCode.Failed, "eth0: no driver works"), (run.Code, run.Lines[0]));
        var json = JsonNode.Parse(Run(Capable with { IsEthernet = false }, "--json").Output)!;
        Assert.Equal((null, null), ((string?)json["engine"], (string?)json["driver"]));
    }

    [Theory]
    [InlineData("auto", "native")]
    [InlineData("xdp", "native")]
    [InlineData("managed", "af-xdp")]
    public void Engine_option_restricts_the_drivers(string engine, string driver) =>
        Assert.Equal(driver, (string?)JsonNode.Parse(Run(Capable, "--json", "--engine", engine).Output)!["driver"]);

    [Fact]
    public void Json_has_drivers_notes_and_capabilities()
    {
        var json = JsonNode.Parse(Run(Capable with { HasLro = true }, "--json").Output)!.AsObject();
        Assert.Equal(["interface", "engine", "driver", "drivers", "notes", "capabilities"],
            json.Select(static p => p.Key));
        Assert.Equal(("eth0", "xdp"), ((string)json["interface"]!, (string)json["engine"]!));
        Assert.Equal(["native", "generic", "af-xdp", "af-packet"],
            json["drivers"]!.AsArray().Select(static d => (string)d!["driver"]!));
        Assert.Equal(CommandRun.Compact("""
            {"device":"mlx5_core","kind":null,"up":true,"mtu":1500,"queues":4,"cpus":4,"xdp":true,"zeroCopy":true,
            "lro":true,"hardwareGro":false,"master":null,"kernel":"6.1"}
            """), json["capabilities"]!.ToJsonString());
    }

    [Fact]
    public void Interface_that_cannot_be_examined_is_unusable() =>
        Assert.Equal(new CommandRun(ExitCode.Unusable, "", "error: not allowed\n"),
            CommandRun.Of(PreflightCommand.Create(static _ => throw new EngineException("not allowed")), "eth0"));

    [Fact]
    public void Unknown_engine_is_unusable() =>
        Assert.Equal(ExitCode.Unusable, Run(Capable, "--engine", "kernel").Code);

    [Fact]
    public void Name_of_the_interface_is_what_is_examined()
    {
        string? examined = null;
        CommandRun.Of(PreflightCommand.Create(name =>
        {
            examined = name;
            return Capable;
        }), "eth7");
        Assert.Equal("eth7", examined);
    }

    private static CommandRun Run(InterfaceCapabilities capabilities, params string[] arguments) =>
        CommandRun.Of(PreflightCommand.Create(_ => capabilities), ["eth0", .. arguments]);
}
