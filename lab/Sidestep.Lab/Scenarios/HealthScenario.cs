using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Sidestep.Lab.Captures;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Topologies;
using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Scenarios;

/// <summary>`lab run` of a topology that breaks and repairs servers, one part at a time, while requests flow.</summary>
internal sealed class HealthScenario(LabRun run, HealthPlan plan, Action<string> log)
{
    private const int Concurrency = 64;
    private const double Rate = 150;
    private const double MaxIntervals = 3;

    // Detection takes at most three intervals; the rest is for a busy machine.
    private static readonly TimeSpan ChangeTimeout = ScaledTimeout.Seconds(20);

    // A client gives up a request after ten seconds. By then all requests that the fault affected have ended.
    private static readonly TimeSpan RequestTimeout = ScaledTimeout.Seconds(11);

    private readonly Dictionary<string, Capture> _captures = [];

    public async Task<HealthReport> RunAsync(CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        var servers = plan.Faults.Select(f => f.Server).Append(plan.NeverHealthy).Distinct().ToArray();
        foreach (var server in servers)
            _captures.Add(server, await run.CaptureAsync(server, PortOf(server), cancel));
        await run.StartServicesAsync(cancel);
        var healthyServers = new DirectorFile(run.DirectorConfiguration).Servers.Where(s => s != plan.NeverHealthy)
            .ToArray();
        log($"waiting until {string.Join(", ", healthyServers)} are healthy");
        foreach (var server in healthyServers)
            await WaitForSlotsAsync(server, isIn: true, cancel);

        using var traffic = TrafficProcess.StartHttp(run, 0, Concurrency, Rate);
        foreach (var server in healthyServers)
            await WaitForResponseAsync(traffic, server, 0, cancel);
        var faults = new List<HealthFaultResult>();
        foreach (var fault in plan.Faults)
            faults.Add(await DoAsync(fault, traffic, cancel));
        var totals = traffic.Log.Now;
        var status = await StatusAsync(cancel);
        var problems = new List<string>();
        foreach (var capture in _captures.Values)
        {
            if (await capture.StopAsync(cancel) is { } problem)
                problems.Add(problem);
        }
        var never = FramesOf(plan.NeverHealthy);
        problems.AddRange(faults.Where(f => f.Problem is not null)
            .Select(f => $"{f.Fault} of {f.Server}: {f.Problem}"));
        if (never.OfClients > 0)
            problems.Add($"{plan.NeverHealthy} never had the VIP, but received {never.OfClients} frames of clients");
        if (never.OfDirector == 0)
            problems.Add($"the capture at {plan.NeverHealthy} saw no probe: that it saw no client proves nothing");
        var probes = status.GetProperty("health").GetProperty("probes");
        return new HealthReport
        {
            Topology = run.Topology.Name,
            Interval = plan.Interval,
            Faults = faults,
            Requests = totals.Finished,
            RequestsFailed = totals.Failed,
            NeverHealthy = new NeverHealthyResult(plan.NeverHealthy, never.OfClients, never.OfDirector),
            Removal = probes.GetProperty("removal").Clone(),
            Late = probes.GetProperty("late").Clone(),
            Seconds = Math.Round(watch.Elapsed.TotalSeconds, 1),
            Problems = problems,
        };
    }

    private async Task<HealthFaultResult> DoAsync(HealthFault fault, TrafficProcess traffic, CancellationToken cancel)
    {
        log($"{fault.Server} breaks: {fault.Name}");
        var before = traffic.Log.Now;
        var broken = DateTimeOffset.UtcNow;
        var watch = Stopwatch.StartNew();
        await InjectAsync(fault, cancel);
        var problem = await WaitForSlotsAsync(fault.Server, isIn: false, cancel)
            ? null : "the director did not remove it";
        var reason = await ReasonAsync(fault.Server, cancel);
        // After this, clients have given up all affected requests, and no frame of a client is in transit to the
        // server.
        await Task.Delay(RequestTimeout - (watch.Elapsed < RequestTimeout ? watch.Elapsed : RequestTimeout), cancel);
        var last = FramesOf(fault.Server).LastOfClient;
        var outSeconds = last > broken ? (last.Value - broken).TotalSeconds : 0;

        var had = traffic.Log.Now.Of(fault.Server);
        watch.Restart();
        await UndoAsync(fault, cancel);
        if (!await WaitForResponseAsync(traffic, fault.Server, had, cancel))
            problem ??= "it did not answer again";
        var back = watch.Elapsed.TotalSeconds;
        var after = traffic.Log.Now;
        var intervals = outSeconds / plan.Interval;
        if (intervals > MaxIntervals)
            problem ??= $"clients' packets came to it for {outSeconds:0.00} s, which is more than {MaxIntervals} "
                + "intervals";
        log($"{fault.Server}, {fault.Name}: out after {outSeconds:0.00} s, back after {back:0.00} s, "
            + $"{after.Failed - before.Failed} of {after.Finished - before.Finished} requests "
            + $"failed{(problem is null ? "" : $": {problem}")}");
        return new HealthFaultResult(fault.Name, fault.Server, Math.Round(outSeconds, 2), Math.Round(intervals, 2),
            Math.Round(back, 2),
            after.Finished - before.Finished, after.Failed - before.Failed, reason, problem);
    }

    private async Task InjectAsync(HealthFault fault, CancellationToken cancel)
    {
        if (fault.Service.Length > 0)
            await ProcessSignals.EndAsync([run.Folder.Find(fault.Server, fault.Service)!.Identity]);
        else
            await ShellAsync(fault.Server, fault.Inject, cancel);
    }

    private async Task UndoAsync(HealthFault fault, CancellationToken cancel)
    {
        if (fault.Service.Length > 0)
            await run.StartServiceAsync(fault.Server, fault.Service, cancel);
        else
            await ShellAsync(fault.Server, fault.Undo, cancel);
    }

    private Task<string> ShellAsync(string server, string line, CancellationToken cancel)
        => SystemCommand.RunAsync(run.Folder.Namespace(server).Enter("sh", "-c", run.Fill(line, server)), cancel);

    /// <summary>Waits until `sidestep status` shows a server with or without slots.</summary>
    private Task<bool> WaitForSlotsAsync(string server, bool isIn, CancellationToken cancel) => Wait.TryUntilAsync(
        async () =>
            await SidestepStatus.TryQueryAsync(run, cancel) is { } status
            && status.Servers.GetValueOrDefault(server) is { } found && found.Slots > 0 == isIn,
        ChangeTimeout,
        cancel);

    private static Task<bool> WaitForResponseAsync(TrafficProcess traffic, string server, int had,
        CancellationToken cancel)
        => Wait.TryUntilAsync(() => traffic.Log.Now.Of(server) > had, ChangeTimeout, cancel);

    private async Task<string?> ReasonAsync(string server, CancellationToken cancel)
        => (await StatusAsync(cancel)).GetProperty("health").GetProperty("servers").EnumerateArray()
            .Where(s => s.GetProperty("name").GetString() == server).Select(s => s.GetProperty("error").GetString())
                .FirstOrDefault();

    private async Task<JsonElement> StatusAsync(CancellationToken cancel)
    {
        using var document = JsonDocument.Parse(await SidestepStatus.TextAsync(run, cancel));
        return document.RootElement.Clone();
    }

    private ServerFrames FramesOf(string server) =>
        ServerFrames.OfFile(_captures[server].Path, IPAddress.Parse(run.Topology.Vip), DirectorAddress());

    private IPAddress DirectorAddress()
        => IPAddress.Parse(run.Topology.Node(run.Topology.Director.Node).Addresses[run.Topology.Director.Interface][0]
            .Split('/')[0]);

    /// <summary>The other end of the cable by which a server receives packets.</summary>
    private LinkEnd PortOf(string server)
    {
        var link = run.Topology.Links.Find(l => l.Ends.Contains($"{server}:eth0"))
            ?? throw new LabException($"{run.Topology.Name}: there is no link to {server}:eth0.");
        return LinkEnd.Parse(link.Ends.Find(e => e != $"{server}:eth0")!);
    }
}
