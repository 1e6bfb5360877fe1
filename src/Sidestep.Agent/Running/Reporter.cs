using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Roles;
using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>Decides when a report is due, examines the host, and publishes the report.</summary>
/// <remarks>For one thread, that of the event loop.</remarks>
internal sealed class Reporter(Request request, IReadOnlyList<IAgentRole> roles, IHostKernel kernel,
    Reconciler reconciler, DriftRepair repair, ReportBuilder builder, SharedState shared, TimeProvider time)
{
    private const int DefaultIntervalMilliseconds = 2000, MinIntervalMilliseconds = 100,
        MaxIntervalMilliseconds = 60_000;

    private TimeSpan _next;
    private bool _hasFailed;

    /// <summary>True if a report must be made now. There is none before a spec has been examined.</summary>
    public bool IsDue
    {
        get
        {
            if (reconciler.MaintainedSpec is null && reconciler.Problems.Count == 0)
                return false;
            var now = time.Monotonic();
            return _hasFailed || now >= _next || now >= shared.ReportTime;
        }
    }

    /// <summary>Makes a report. If that fails, the report stays due.</summary>
    public void Report()
    {
        _hasFailed = true;
        var now = time.Monotonic();
        var sequence = shared.StartReport();
        var host = kernel.ReadInventory();
        var verification = new Verification();
        foreach (var role in roles)
            verification.Add(role.Verify(host));
        AddOwnConditions(verification, host);
        var spec = reconciler.MaintainedSpec;
        var report = builder.Build(verification, host) with
        {
            Sequence = sequence,
            SpecRevision = spec?.Revision ?? 0,
            Drifts = [.. repair.Drifts.All],
            Reconciles = request.Reconciles,
        };
        _hasFailed = false;
        _next = now + TimeSpan.FromMilliseconds(Math.Clamp(spec?.ReportIntervalMilliseconds
            ?? DefaultIntervalMilliseconds, MinIntervalMilliseconds, MaxIntervalMilliseconds));
        shared.Publish(report);
    }

    /// <summary>Adds the conditions that come from running: missing interfaces, back-off, an invalid spec, no
    /// director.</summary>
    private void AddOwnConditions(Verification verification, HostInventory host)
    {
        foreach (var missing in request.Interfaces.Where(n => host.Interfaces.All(i => i.Name != n)))
        {
            verification.Add(false, ConditionNames.DeviceUp, missing, "missing", "present",
                "It is named with --interface, and does not exist.");
        }
        foreach (var (name, subject, until) in repair.BackingOff)
        {
            verification.Note(Verification.BackingOffName, $"{name} {subject}".TrimEnd(),
                $"another program reverts every repair; not repaired until {until:u}", "one manager",
                "Find the other program, and let only one of the two manage it.");
        }
        foreach (var problem in reconciler.Problems)
        {
            verification.Add(false, Verification.SpecName, "", problem, "a valid spec",
                "The agent maintains the last valid spec.");
        }
        if (shared.ContactError is { Length: > 0 } error)
        {
            verification.Note(Verification.SpecName, "", error, "a director that responds",
                "The agent continues with its last spec.");
        }
    }
}
