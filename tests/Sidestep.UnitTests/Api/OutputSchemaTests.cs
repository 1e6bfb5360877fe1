using System.CommandLine;
using Sidestep.Cli;
using Sidestep.Cli.Commands;
using Sidestep.Testing;
using Sidestep.UnitTests.Cli;

namespace Sidestep.UnitTests.Api;

/// <summary>The schemas in docs are those of the types.</summary>
public sealed class OutputSchemaTests
{
    public static TheoryData<string, Func<Command>> Commands => new()
    {
        { "status", static () => StatusCommand.Create(static _ => null) },
        { "flows", static () => FlowsCommand.Create(static (_, _, _) => null) },
        { "capture", static () => CaptureCommand.Create(static (_, _) => null) },
        { "plan", static () => PlanCommand.Create(static (_, _, _) => null) },
        { "trace", static () => TraceCommand.Create(static (_, _, _) => null) },
        { "revisions", static () => HistoryCommand.Create(static _ => throw new NotSupportedException()) },
        { "events", static () => EventsCommand.Create(static _ => null) },
    };

    /// <summary>After a change: sidestep NAME (or config NAME) --schema &gt; docs/NAME.schema.json.</summary>
    [Theory]
    [MemberData(nameof(Commands), DisableDiscoveryEnumeration = true)]
    public void Schema_file_is_what_the_command_prints(string name, Func<Command> command) => Assert.Equal(
        new CommandRun(ExitCode.Ok, File.ReadAllText(Repository.File($"docs/{name}.schema.json")), ""),
        CommandRun.Of(command(), "--schema"));
}
