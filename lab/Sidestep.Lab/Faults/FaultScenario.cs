using System.Diagnostics;
using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Faults;

/// <summary>`lab run faults`: injects each fault, runs the doctor, compares its diagnoses, and repairs the
/// fault.</summary>
/// <remarks>The doctor is the product's command line on the director's node. It receives no information about the
/// fault.</remarks>
internal sealed class FaultScenario(LabRun run, Action<string> log)
{
    /// <summary>Longest permitted run of the doctor.</summary>
    private const double MaxSeconds = 30;

    /// <summary>Number of runs of the doctor on the intact topology, at the start and at the end; each must find
    /// nothing.</summary>
    private const int HealthyRuns = 3;

    private static readonly TimeSpan StartTimeout = ScaledTimeout.Seconds(90);
    private static readonly TimeSpan UndoTimeout = ScaledTimeout.Seconds(40);

    private readonly FaultInjector _injector = new(run);
    private readonly List<string> _problems = [];
    private readonly List<FalseAlarm> _alarms = [];

    public async Task<FaultReport> RunAsync(CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        var faults = Fault.Read(Path.Combine(run.Topology.Folder, "faults"));
        var driver = run.Topology.EngineOverride?.Driver ?? "";
        SkippedFault[] skipped = [.. faults.Where(f => f.IncompatibleDrivers.ContainsKey(driver))
            .Select(f => new SkippedFault(f.Name, f.IncompatibleDrivers[driver]))];
        foreach (var item in skipped)
            log($"skipped: {item.Fault}: {item.Reason}");
        faults = [.. faults.Where(f => !f.IncompatibleDrivers.ContainsKey(driver))];
        var only = Environment.GetEnvironmentVariable("SIDESTEP_LAB_FAULTS")?.Split(',');
        var pairs = Pairs(faults);
        if (only is not null)
            (faults, pairs) = ([.. faults.Where(f => only.Contains(f.Name))],
                [.. pairs.Where(p => only.Contains($"{p.One.Name}+{p.Other.Name}"))]);
        await run.StartServicesAsync(cancel);
        log("waiting until every agent reports and the doctor finds nothing");
        if (await WaitUntilHealthyAsync(StartTimeout, cancel) is { Count: > 0 } diagnoses)
            throw new LabException(
                $"the intact topology has diagnoses: {Describe(diagnoses)}; see the daemon's log, {run.Daemon.Log}");
        await CheckHealthyAsync("before the first fault", cancel);

        var single = new List<FaultResult>();
        foreach (var fault in faults)
        {
            log($"{single.Count + 1} of {faults.Count}: "
                + $"{fault.Name}{(fault.Server.Length > 0 ? $" on {fault.Server}" : "")}");
            var result = await RunFaultAsync(fault, cancel);
            log($"  {(result.NamedFirst ? "named first" : result.Named ? "named, but not first" : "NOT NAMED")} in "
                + $"{result.Seconds} "
                + $"s{(result.SecondsToClear is { } clear ? $"; nothing found {clear} s after the repair" : "")}");
            single.Add(result);
        }
        var both = new List<PairResult>();
        foreach (var (one, other) in pairs)
        {
            log($"{one.Name} on {one.Server} and {other.Name} on {other.Server} at the same time");
            var result = await RunPairAsync(one, other, cancel);
            log($"  {(result.BothNamed ? "both named" : "NOT BOTH NAMED")} in {result.Seconds} s");
            both.Add(result);
        }
        await CheckHealthyAsync("after the last fault", cancel);
        if (only is null && single.Count < FaultReport.MinFaults)
            Problem($"{single.Count} faults; there must be {FaultReport.MinFaults} at least");
        return new FaultReport
        {
            Topology = run.Topology.Name,
            Injected = single.Count,
            Named = single.Count(f => f.NamedFirst),
            FalseAlarms = _alarms.Count,
            LongestSeconds = single.Select(f => f.Seconds).Concat(both.Select(p => p.Seconds)).DefaultIfEmpty(0).Max(),
            Faults = single,
            Skipped = skipped,
            Pairs = both,
            Alarms = _alarms,
            Seconds = Math.Round(watch.Elapsed.TotalSeconds, 1),
            Problems = _problems,
        };
    }

    private async Task<FaultResult> RunFaultAsync(Fault fault, CancellationToken cancel)
    {
        var seen = await InjectAsync([fault], cancel);
        var first = seen.Diagnoses.Count > 0 && seen.Diagnoses[0].Is(fault);
        var named = seen.Diagnoses.FirstOrDefault(d => d.Is(fault));
        if (!first)
            Problem($"{fault.Name}: expected {fault.Expect} first, the doctor says: {Describe(seen.Diagnoses)}");
        CheckFalseAlarms(seen, $"during {fault.Name}", [fault]);
        return new FaultResult(fault.Name, fault.Expect, fault.Server, named is not null, first, seen.Seconds,
            named?.Evidence ?? [],
            [.. seen.Diagnoses.Select(d => d.ToString())], await UndoAsync([fault], cancel));
    }

    private async Task<PairResult> RunPairAsync(Fault one, Fault other, CancellationToken cancel)
    {
        var seen = await InjectAsync([one, other], cancel);
        var named = seen.Diagnoses.Any(d => d.Is(one)) && seen.Diagnoses.Any(d => d.Is(other))
            && (seen.Diagnoses[0].Is(one) || seen.Diagnoses[0].Is(other));
        if (!named)
            Problem($"{one.Name} and {other.Name}: not both named, the doctor says: {Describe(seen.Diagnoses)}");
        CheckFalseAlarms(seen, $"during {one.Name} and {other.Name}", [one, other]);
        return new PairResult(one.Name, other.Name, named, seen.Seconds, [.. seen.Diagnoses.Select(d => d.ToString())],
            await UndoAsync([one, other], cancel));
    }

    /// <summary>Injects the faults and runs the doctor. Fails if a fault could not be injected.</summary>
    private async Task<DoctorOutput> InjectAsync(IReadOnlyList<Fault> faults, CancellationToken cancel)
    {
        try
        {
            foreach (var fault in faults)
                await _injector.DoAsync(fault, fault.Inject, cancel);
            var seen = await DoctorOutput.RunAsync(run, cancel);
            if (seen.Seconds > MaxSeconds)
                Problem($"{string.Join(" and ", faults.Select(f => f.Name))}: the doctor took {seen.Seconds} s");
            return seen;
        }
        catch (LabException e)
        {
            Problem(e.Message);
            return new DoctorOutput([], 0, 0, 0);
        }
    }

    /// <returns>Seconds until the doctor found nothing again; null: not before the timeout.</returns>
    private async Task<double?> UndoAsync(IReadOnlyList<Fault> faults, CancellationToken cancel)
    {
        foreach (var fault in faults.Reverse())
        {
            try
            {
                await _injector.DoAsync(fault, fault.Undo, cancel);
            }
            catch (LabException e)
            {
                Problem(e.Message);
            }
        }
        var watch = Stopwatch.StartNew();
        if (await WaitUntilHealthyAsync(UndoTimeout, cancel) is { Count: > 0 } remaining)
        {
            Problem($"{string.Join(" and ", faults.Select(f => f.Name))}: undone, and the doctor still says: "
                + $"{Describe(remaining)}");
            _alarms.AddRange(remaining.Select(d =>
                new FalseAlarm($"after {string.Join(" and ", faults.Select(f => f.Name))}", d.ToString(), d.Evidence)));
            return null;
        }
        return Math.Round(watch.Elapsed.TotalSeconds, 1);
    }

    /// <summary>Runs the doctor until it finds nothing and every agent reports.</summary>
    private async Task<IReadOnlyList<DoctorDiagnosis>> WaitUntilHealthyAsync(TimeSpan timeout, CancellationToken cancel)
    {
        DoctorOutput? last = null;
        var done = await Wait.TryUntilAsync(
            async () =>
            {
                if (!run.Daemon.Identity.IsAlive())
                    throw new LabException(
                        $"the daemon has ended; the end of its log:\n{NamespaceProcess.Tail(run.Daemon.Log, 20)}");
                try
                {
                    last = await DoctorOutput.RunAsync(run, cancel);
                }
                catch (LabException)
                {
                    // A starting daemon does not answer yet.
                    return false;
                }
                return last.Diagnoses.Count == 0 && last.Agents == last.Servers;
            },
            timeout, cancel);
        if (!done && last is null or { Diagnoses.Count: 0 })
        {
            var problem = last is null
                ? "the doctor does not answer"
                : $"only {last.Agents} of {last.Servers} agents report";
            var tail = NamespaceProcess.Tail(run.Daemon.Log, 20);
            throw new LabException($"{problem}; the daemon's log ends with:\n{tail}");
        }
        return done ? [] : last!.Diagnoses;
    }

    private async Task CheckHealthyAsync(string when, CancellationToken cancel)
    {
        for (var i = 0; i < HealthyRuns; i++)
            CheckFalseAlarms(await DoctorOutput.RunAsync(run, cancel), when, []);
    }

    /// <summary>A diagnosis of a server without a fault is a false alarm.</summary>
    private void CheckFalseAlarms(DoctorOutput seen, string when, IReadOnlyList<Fault> faults)
    {
        foreach (var diagnosis in seen.Diagnoses)
        {
            if (faults.Any(f =>
                diagnosis.Is(f) || diagnosis.Server is { } server && (server == f.Server || f.Harms.Contains(server))))
                continue;
            _alarms.Add(new FalseAlarm(when, diagnosis.ToString(), diagnosis.Evidence));
            Problem($"false alarm {when}: {diagnosis}: {string.Join("; ", diagnosis.Evidence)}");
        }
    }

    /// <summary>Pairs of faults on two servers: each fault with the next one on another server that is compatible with
    /// it.</summary>
    private static IReadOnlyList<(Fault One, Fault Other)> Pairs(IReadOnlyList<Fault> faults)
    {
        string[][] together = [["vip-missing", "decapsulation-missing"],
            ["not-listening", "strict-reverse-path-filter"], ["port-mismatch", "server-answers-arp"],
            ["default-route-missing", "listening-on-server-address-only"]];
        return [.. together.Select(t =>
            (faults.FirstOrDefault(f => f.Name == t[0]), faults.FirstOrDefault(f => f.Name == t[1])))
            .Where(p => p.Item1 is not null && p.Item2 is not null).Select(p => (p.Item1!, p.Item2!))];
    }

    private void Problem(string text)
    {
        log(text);
        _problems.Add(text);
    }

    private static string Describe(IReadOnlyList<DoctorDiagnosis> diagnoses)
        => diagnoses.Count == 0
            ? "nothing" : string.Join(", ", diagnoses.Select(d => $"{d} [{string.Join("; ", d.Evidence)}]"));
}
