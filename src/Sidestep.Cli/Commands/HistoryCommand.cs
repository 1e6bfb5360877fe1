using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sidestep.Api;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep history [REVISION]</c>: the revisions of a director's configuration, or what one of them
/// changed.</summary>
public static class HistoryCommand
{
    /// <summary>Creates the <c>history</c> command with its options.</summary>
    /// <param name="connect">Makes a client of a director, by its name and pin path.</param>
    public static Command Create(Func<DirectorTarget, DirectorClient> connect)
    {
        var number = new Argument<long?>("REVISION")
        {
            Description = "Show what this revision changed.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("history",
            "Show the revisions of the configuration of a director, the newest last: those of its "
            + "store, or with a configuration file those since the start of the daemon, rejected ones included. Exit "
            + "codes: 0: shown; 1: there is no such revision, or no daemon runs; 2: the daemon does not respond.")
        {
            number,
        };
        var which = new DirectorOptions(command);
        command.Add(json);
        command.Add(SchemaOption.Of(ApiJson.Default.RevisionsReport, "sidestep history --json"));
        command.SetAction(parsed => new DirectorRequest(connect).Run(which.Read(parsed), null,
            parsed.InvocationConfiguration, client => RunAsync(client, parsed.GetValue(number), parsed.GetValue(json),
                parsed.InvocationConfiguration.Output)));
        return command;
    }

    private static async Task<int> RunAsync(DirectorClient client, long? number, bool asJson, TextWriter output)
    {
        if (number is { } revision)
        {
            var difference = await client.GetDifferenceAsync(revision, CancellationToken.None).ConfigureAwait(false);
            Print(difference, ApiJson.Indented.RevisionDifference,
                static (d, to) => ChangeText.WriteValues(d.Values, to), asJson, output);
        }
        else
        {
            var report = await client.GetRevisionsAsync(CancellationToken.None).ConfigureAwait(false);
            Print(report, ApiJson.Indented.RevisionsReport, RevisionsText.Write, asJson, output);
        }
        return ExitCode.Ok;
    }

    private static void Print<T>(T report, JsonTypeInfo<T> type, Action<T, TextWriter> write, bool asJson,
        TextWriter output)
    {
        if (asJson)
            output.WriteLine(JsonSerializer.Serialize(report, type));
        else
            write(report, output);
    }
}
