using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Sidestep.Lab.Captures;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Topologies;
using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Scenarios;

/// <summary>`lab run` of a topology whose servers break and mend, one thing at a time, while requests flow.</summary>
internal sealed class HealthScenario(LabRun run, HealthPlan plan, Action<string> say)
{
    private const int Concurrency = 64;
    private const double Rate = 150;
    private const double MostIntervals = 3;

    // What takes a server out is at most three intervals; the rest is for a machine that has other work.
    private static readonly TimeSpan ChangeLimit = Patience.Seconds(20);

    // A request that hangs is given up by its client after ten seconds; by then it is known whose fault it was.
    private static readonly TimeSpan RequestLimit = Patience.Seconds(11);

    private readonly Dictionary<string, Capture> _captures = [];

    public async Task<HealthReport> RunAsync(CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        var servers = plan.Faults.Select(f => f.Server).Append(plan.NeverFit).Distinct().ToArray();
        foreach (var server in servers)
            _captures.Add(server, await run.CaptureAsync(server, PortOf(server), cancel));
        await run.StartServicesAsync(cancel);
        var fit = new DirectorFile(run.DirectorConfiguration).Servers.Where(s => s != plan.NeverFit).ToArray();
        say($"waiting until {string.Join(", ", fit)} are fit");
        foreach (var server in fit)
            await BecomesAsync(server, isIn: true, cancel);

        using var traffic = TrafficProcess.StartHttp(run, 0, Concurrency, Rate);
        foreach (var server in fit)
            await AnswersAsync(traffic, server, 0, cancel);
        var faults = new List<FaultReport>();
        foreach (var fault in plan.Faults)
            faults.Add(await DoAsync(fault, traffic, cancel));
        var log = traffic.Log.Now;
        var status = await StatusAsync(cancel);
        var problems = new List<string>();
        foreach (var capture in _captures.Values)
        {
            if (await capture.StopAsync(cancel) is { } problem)
                problems.Add(problem);
        }
        var never = FramesOf(plan.NeverFit);
        problems.AddRange(faults.Where(f => f.Problem is not null).Select(f => $"{f.Fault} of {f.Server}: {f.Problem}"));
        if (never.OfClients > 0)
            problems.Add($"{plan.NeverFit} never had the VIP and got {never.OfClients} frames of clients");
        if (never.OfDirector == 0)
            problems.Add($"the capture at {plan.NeverFit} saw no probe, so it does not show that no client's frame came");
        var probes = status.GetProperty("health").GetProperty("probes");
        return new HealthReport
        {
            Topology = run.Topology.Name,
            Interval = plan.Interval,
            Faults = faults,
            Requests = log.Finished,
            RequestsFailed = log.Failed,
            NeverFit = new NeverFitReport(plan.NeverFit, never.OfClients, never.OfDirector),
            Removal = probes.GetProperty("removal").Clone(),
            Late = probes.GetProperty("late").Clone(),
            Seconds = Math.Round(watch.Elapsed.TotalSeconds, 1),
            Problems = problems,
        };
    }

    private async Task<FaultReport> DoAsync(HealthFault fault, TrafficProcess traffic, CancellationToken cancel)
    {
        say($"{fault.Server} loses its {fault.Name}");
        var before = traffic.Log.Now;
        var broken = DateTimeOffset.UtcNow;
        var watch = Stopwatch.StartNew();
        await BreakAsync(fault, cancel);
        var problem = await BecomesAsync(fault.Server, isIn: false, cancel) ? null : "it was not taken out";
        var reason = await ReasonAsync(fault.Server, cancel);
        // By the end of this, clients have given up whatever it left hanging, and no frame of a client is under way to it.
        await Task.Delay(RequestLimit - (watch.Elapsed < RequestLimit ? watch.Elapsed : RequestLimit), cancel);
        var last = FramesOf(fault.Server).LastOfClient;
        var outSeconds = last > broken ? (last.Value - broken).TotalSeconds : 0;

        var had = traffic.Log.Now.Of(fault.Server);
        watch.Restart();
        await MendAsync(fault, cancel);
        if (!await AnswersAsync(traffic, fault.Server, had, cancel))
            problem ??= "it did not come back";
        var back = watch.Elapsed.TotalSeconds;
        var after = traffic.Log.Now;
        var intervals = outSeconds / plan.Interval;
        if (intervals > MostIntervals)
            problem ??= $"clients' packets came to it for {outSeconds:0.00} s, which is more than {MostIntervals} intervals";
        say($"{fault.Server} without its {fault.Name}: out after {outSeconds:0.00} s, back after {back:0.00} s, "
            + $"{after.Failed - before.Failed} of {after.Finished - before.Finished} requests failed{(problem is null ? "" : $": {problem}")}");
        return new FaultReport(fault.Name, fault.Server, Math.Round(outSeconds, 2), Math.Round(intervals, 2), Math.Round(back, 2),
            after.Finished - before.Finished, after.Failed - before.Failed, reason, problem);
    }

    private async Task BreakAsync(HealthFault fault, CancellationToken cancel)
    {
        if (fault.Service.Length > 0)
            await Signals.EndAsync([run.Folder.Find(fault.Server, fault.Service)!.Identity]);
        else
            await ShellAsync(fault.Server, fault.Break, cancel);
    }

    private async Task MendAsync(HealthFault fault, CancellationToken cancel)
    {
        if (fault.Service.Length > 0)
            await run.StartServiceAsync(fault.Server, fault.Service, cancel);
        else
            await ShellAsync(fault.Server, fault.Mend, cancel);
    }

    private Task<string> ShellAsync(string server, string line, CancellationToken cancel)
        => Tool.RunAsync(run.Folder.Namespace(server).Enter("sh", "-c", run.Fill(line, server)), cancel);

    /// <summary>Waits until `sidestep status` shows a server with or without slots.</summary>
    private Task<bool> BecomesAsync(string server, bool isIn, CancellationToken cancel) => Wait.TryUntilAsync(
        async () => await SidestepStatus.TryAskAsync(run, cancel) is { } status && status.Servers.GetValueOrDefault(server) is { } found && found.Slots > 0 == isIn,
        ChangeLimit,
        cancel);

    private static Task<bool> AnswersAsync(TrafficProcess traffic, string server, int had, CancellationToken cancel)
        => Wait.TryUntilAsync(() => traffic.Log.Now.Of(server) > had, ChangeLimit, cancel);

    private async Task<string?> ReasonAsync(string server, CancellationToken cancel)
        => (await StatusAsync(cancel)).GetProperty("health").GetProperty("servers").EnumerateArray()
            .Where(s => s.GetProperty("name").GetString() == server).Select(s => s.GetProperty("error").GetString()).FirstOrDefault();

    private async Task<JsonElement> StatusAsync(CancellationToken cancel)
    {
        using var document = JsonDocument.Parse(await SidestepStatus.TextAsync(run, cancel));
        return document.RootElement.Clone();
    }

    private ServerFrames FramesOf(string server) =>
        ServerFrames.OfFile(_captures[server].Path, IPAddress.Parse(run.Topology.Vip), DirectorAddress());

    private IPAddress DirectorAddress()
        => IPAddress.Parse(run.Topology.Node(run.Topology.Director.Node).Addresses[run.Topology.Director.Interface][0].Split('/')[0]);

    /// <summary>The other end of the cable that packets come to a server by.</summary>
    private LinkEnd PortOf(string server)
    {
        var link = run.Topology.Links.Find(l => l.Ends.Contains($"{server}:eth0"))
            ?? throw new LabException($"{run.Topology.Name}: there is no link to {server}:eth0.");
        return LinkEnd.Parse(link.Ends.Find(e => e != $"{server}:eth0")!);
    }
}
