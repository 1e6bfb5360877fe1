using System.CommandLine;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Commands;

/// <summary>The commands and options of the lab.</summary>
internal static class LabCommands
{
    public const string DefaultTopology = "l2-one-arm";

    private static readonly Argument<string> NameArgument =
        new("NAME") { Description = "A topology; `list` shows them." };
    private static readonly Argument<string> NodeArgument =
        new("NODE") { Description = "A node of the topology that is up." };
    private static readonly Option<string?> RunOption = new("--run") { Description = "Which run, as `list` shows it." };
    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON object." };
    private static readonly Option<int?> TimeLimitOption = new("--time-limit")
    {
        Description = "Time limit in seconds; default 600, and 1200 or more for faults and bounce.",
    };
    private static readonly Option<string?> EngineOption =
        new("--engine") { Description = "The engine, instead of the one in sidestep.yaml: auto, xdp or managed." };
    private static readonly Option<string?> DriverOption = new("--driver")
    {
        Description = "The driver of the director's interfaces, instead: auto, native, generic, af-xdp or af-packet.",
    };
    private static readonly Option<string?> FromOption = new("--from")
    {
        Description =
            "Start with the director of another build, given by its artifacts/bin; this one then takes over (upgrade "
                + "only).",
    };
    private static readonly Option<int?> StepsOption =
        new("--steps") { Description = "Do only the first N steps of the topology, or N rounds (bounce)." };
    private static readonly Option<int?> MinutesOption =
        new("--minutes") { Description = "Do rounds for so long (bounce only); default 10." };
    private static readonly Option<string?> InterfaceOption =
        new("--interface") { Description = "Default: the node's first." };
    private static readonly Option<string?> WriteOption =
        new("-w") { Description = "Write a pcap file instead of printing." };
    private static readonly Argument<string[]> FilterArgument = new("FILTER")
    {
        Description = "tcpdump's filter, e.g. tcp port 80.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public static RootCommand Root()
    {
        var root =
            new RootCommand(
                "Real topologies in network namespaces. Without a command: brings up the default one and shows its "
                    + "traffic live.")
        {
            With(new Command("list", "The topologies, and what is up."), _ => ListCommand.RunAsync()),
            With(new Command("up", "Brings up a topology and leaves it.") { NameArgument }, r =>
                UpCommand.RunAsync(Read(r))),
            With(new Command("down", "Removes everything that `up` or a killed lab left.") { RunOption }, r =>
                DownCommand.RunAsync(r.GetValue(RunOption))),
            With(new Command("shell", "A shell in a node.") { NodeArgument, RunOption },
                r => NodeCommand.ShellAsync(r.GetValue(RunOption), r.GetRequiredValue(NodeArgument))),
            With(new Command("capture", "tcpdump in a node.") { NodeArgument, FilterArgument, InterfaceOption,
                WriteOption, RunOption },
                r => NodeCommand.CaptureAsync(
                    r.GetValue(RunOption), r.GetRequiredValue(NodeArgument), r.GetValue(InterfaceOption),
                        r.GetValue(WriteOption), r.GetValue(FilterArgument) ?? [])),
            With(
                new Command("run", "Brings up a topology, sends a fixed amount of traffic, and gives a verdict.")
                {
                    NameArgument, JsonOption, TimeLimitOption, EngineOption, DriverOption, FromOption, StepsOption,
                    MinutesOption,
                },
                r => RunCommand.RunAsync(ReadWithOptions(r), r.GetValue(JsonOption), r.GetValue(TimeLimitOption))),
            With(
                new Command("watch",
                    "Brings up a topology and shows its traffic live; keys kill, drain and restore servers.")
                {
                    NameArgument,
                },
                r => WatchCommand.RunAsync(Read(r))),
        };
        EngineOption.AcceptOnlyFromAmong("auto", "xdp", EngineOverride.Managed);
        DriverOption.AcceptOnlyFromAmong("auto", "native", "generic", "af-xdp", "af-packet");
        foreach (var command in InsideCommands.All())
            root.Add(command);
        root.SetAction(_ => PrivilegedAsync(() => WatchCommand.RunAsync(TopologyReader.Read(DefaultTopology))));
        return root;
    }

    private static Topology ReadWithOptions(ParseResult result)
    {
        var topology = Read(result);
        topology.EngineOverride = EngineOverride.Of(result.GetValue(EngineOption), result.GetValue(DriverOption));
        if (topology.EngineOverride is { } forwarder
            && topology.IncompatibleDrivers.TryGetValue(forwarder.Driver, out var why))
            throw new LabException($"{topology.Name} does not run with the driver {forwarder.Driver}: {why}.");
        if (result.GetValue(FromOption) is { } bin)
            topology.StartFrom(LabPaths.BuildAt(bin));
        if (result.GetValue(StepsOption) is { } steps)
            topology.LimitSteps(steps);
        if (result.GetValue(MinutesOption) is { } minutes)
            topology.LimitMinutes(minutes);
        return topology;
    }

    private static Topology Read(ParseResult result) => TopologyReader.Read(result.GetRequiredValue(NameArgument));

    private static Command With(Command command, Func<ParseResult, Task<int>> action)
    {
        command.SetAction(result => PrivilegedAsync(() => action(result)));
        return command;
    }

    private static Task<int> PrivilegedAsync(Func<Task<int>> action)
        => Environment.IsPrivilegedProcess
            ? action()
            : throw new LabException(
                "The lab creates network namespaces and loads BPF programs: run it as root (sudo ./sidestep lab ...).");
}
