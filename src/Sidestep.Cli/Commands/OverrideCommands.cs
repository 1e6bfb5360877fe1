using System.CommandLine;
using System.Globalization;
using Sidestep.Api;
using Sidestep.Api.ServerOverrides;
using Sidestep.Model;
using Sidestep.Model.Objects;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep drain</c>, <c>maintenance</c>, <c>undrain</c> and <c>weight</c>: overrides of real servers,
/// with a configuration file too.</summary>
public static class OverrideCommands
{
    private const string Default = "default";

    private const string Codes = "Exit codes: 0: in force; 1: rejected or not in force; 2: the director does not "
        + "respond, or there is no such server.";

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    /// <summary>Creates the commands.</summary>
    /// <param name="connect">Makes a client of a director.</param>
    public static IEnumerable<Command> Create(Func<DirectorTarget, DirectorClient> connect)
    {
        var request = new DirectorRequest(connect);
        return
        [
            Drain(request),
            StateCommand(request, "maintenance", OverrideState.Maintenance,
                "Take a real server out of service: it gets no packets, and is not probed. sidestep undrain ends it. "),
            StateCommand(request, "undrain", null, "End the drain or the maintenance of a real server. "),
            Weight(request),
        ];
    }

    private static Command Drain(DirectorRequest request)
    {
        var wait = new Option<bool>("--wait")
        {
            Description = "Wait until the server has no tracked flows, or --timeout is over (exit code 1). A flow that "
                + "the hash alone assigns is not tracked: a drain tracks those that it finds.",
        };
        var timeout = new Option<int>("--timeout")
        {
            Description = "With --wait: seconds.",
            DefaultValueFactory = static _ => 600,
        };
        var command = StateCommand(request, "drain", OverrideState.Draining,
            "Let a real server keep the flows that it has, and get no new ones, until sidestep undrain. It outlives "
            + "restarts. ", (parsed, client, servers) => parsed.GetValue(wait)
                ? WaitAsync(client, servers, TimeSpan.FromSeconds(parsed.GetValue(timeout)),
                    parsed.InvocationConfiguration.Error)
                : Task.FromResult(ExitCode.Ok));
        command.Add(wait);
        command.Add(timeout);
        return command;
    }

    private static Command Weight(DirectorRequest request)
    {
        var weight = new Argument<string>("WEIGHT")
        {
            Description = $"0 to {Limits.Weight}; {Default}: that of the configuration.",
        };
        var command = new Command("weight",
            $"Give a real server another weight than the configuration, until sidestep weight SERVER {Default}. It "
            + "outlives restarts. " + Codes);
        var which = new ServerArguments(command);
        command.Add(weight);
        command.Validators.Add(result =>
        {
            if (result.GetValue(weight) is { } text && text != Default && Parse(text) is null)
                result.AddError($"'{text}' is not a weight: write 0 to {Limits.Weight}, or {Default}");
        });
        Complete(command, request, which, parsed => (present, reason) =>
            new OverrideRequest(present?.State, Parse(parsed.GetRequiredValue(weight))) { Reason = reason });
        return command;
    }

    private static int? Parse(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= Limits.Weight
            ? number : null;

    private static Command StateCommand(DirectorRequest request, string name, OverrideState? state, string description,
        Func<ParseResult, DirectorClient, IReadOnlyList<ObjectPath>, Task<int>>? then = null)
    {
        var command = new Command(name, description + Codes);
        var which = new ServerArguments(command);
        Complete(command, request, which, _ => (present, reason) =>
            new OverrideRequest(state, present?.Weight) { Reason = reason }, then);
        return command;
    }

    /// <summary>Adds the options that all commands have, and what they do.</summary>
    private static void Complete(Command command, DirectorRequest request, ServerArguments which,
        Func<ParseResult, Func<OverrideRecord?, string?, OverrideRequest>> edit,
        Func<ParseResult, DirectorClient, IReadOnlyList<ObjectPath>, Task<int>>? then = null)
    {
        var reason = new Option<string?>("--reason") { Description = "Why, for the status and the audit log." };
        var dryRun = new Option<bool>("--dry-run")
        {
            Description = "Show what would move and break, and change nothing.",
        };
        command.Add(reason);
        command.Add(dryRun);
        var director = new DirectorOptions(command);
        command.SetAction(parsed => request.Run(director.Read(parsed), null, parsed.InvocationConfiguration,
            async client =>
            {
                var output = parsed.InvocationConfiguration.Output;
                var servers = await which.FindAsync(parsed, client).ConfigureAwait(false);
                int code = ExitCode.Ok;
                foreach (var server in servers)
                {
                    var report = await client.ChangeOverrideAsync(server,
                        present => edit(parsed)(present, parsed.GetValue(reason)), parsed.GetValue(dryRun),
                        CancellationToken.None).ConfigureAwait(false);
                    await output.WriteLineAsync($"{server.Owner!.Name}/{server.Name}: {TextOf(report)}")
                        .ConfigureAwait(false);
                    if (report.Plan is { } plan)
                        new PlanText(plan).Write(output);
                    if (report.InForce == false)
                        code = ExitCode.Failed;
                }
                return code != ExitCode.Ok || then is null || parsed.GetValue(dryRun) ? code
                    : await then(parsed, client, servers).ConfigureAwait(false);
            }));
    }

    private static string TextOf(OverrideReport report)
    {
        string now = report.Override is not { } record ? "as configured" : string.Join(", ", new[]
        {
            record.State?.ToString().ToLowerInvariant(),
            record.Weight is { } weight ? string.Create(CultureInfo.InvariantCulture, $"weight {weight}") : null,
        }.OfType<string>());
        return now + (report.Plan is not null ? " (dry run)" : !report.Changed ? " already"
            : report.InForce switch
            {
                true => "",
                false => "; not in force: see sidestep status",
                null => "; not in force yet: see sidestep status",
            });
    }

    private static async Task<int> WaitAsync(DirectorClient client, IReadOnlyList<ObjectPath> servers, TimeSpan timeout,
        TextWriter error)
    {
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        long before = -1;
        while (true)
        {
            var status = await client.GetStatusAsync(CancellationToken.None).ConfigureAwait(false);
            long flows = status.Pools.SelectMany(p => p.Servers
                .Where(s => servers.Any(w => w.Owner!.Name == p.Name && w.Name == s.Name))).Sum(static s => s.Flows);
            if (flows != before)
                await error.WriteLineAsync($"{flows} tracked flows").ConfigureAwait(false);
            before = flows;
            if (flows == 0)
                return ExitCode.Ok;
            if (System.Diagnostics.Stopwatch.GetElapsedTime(start) >= timeout)
                return ExitCode.Failed;
            await Task.Delay(PollInterval).ConfigureAwait(false);
        }
    }
}
