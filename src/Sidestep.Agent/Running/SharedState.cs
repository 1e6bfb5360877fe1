using Sidestep.Agent.Input;
using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>What the event loop exchanges with the threads of directors, operator and spec file. All members are
/// thread-safe.</summary>
/// <param name="time">The clock.</param>
/// <param name="adminState">The local operator's admin state, one of <see cref="AdminStates"/>.</param>
internal sealed class SharedState(TimeProvider time, string adminState)
{
    private readonly Lock _gate = new();
    private ServerSpec? _requestedSpec;
    private AgentReport? _lastReport;
    private string _adminState = adminState, _contactError = "";
    private TimeSpan _reportTime = MonotonicTime.Never;
    private long _startedSequence;

    /// <summary>Raised by the event loop with every new report.</summary>
    public event Action<AgentReport>? Reported;

    /// <summary>The spec to apply; null: none has come yet.</summary>
    public ServerSpec? RequestedSpec
    {
        get
        {
            lock (_gate)
                return _requestedSpec;
        }
    }

    /// <summary>The last report; null before the first.</summary>
    public AgentReport? LastReport
    {
        get
        {
            lock (_gate)
                return _lastReport;
        }
    }

    /// <summary>Sequence number of the newest report that has been started. A report with a larger number describes the
    /// host at a later time.</summary>
    public long StartedSequence
    {
        get
        {
            lock (_gate)
                return _startedSequence;
        }
    }

    /// <summary>Why no director can be reached; empty: one responds, or the agent has none.</summary>
    public string ContactError
    {
        get
        {
            lock (_gate)
                return _contactError;
        }
        set
        {
            lock (_gate)
                _contactError = value;
        }
    }

    /// <summary>The monotonic time at which a requested report is due; <see cref="MonotonicTime.Never"/>: none is
    /// requested.</summary>
    public TimeSpan ReportTime
    {
        get
        {
            lock (_gate)
                return _reportTime;
        }
    }

    /// <summary>Sets the spec to apply from now on.</summary>
    public void SetSpec(ServerSpec spec)
    {
        var complete = SpecFile.Complete(spec);
        lock (_gate)
            _requestedSpec = complete;
    }

    /// <summary>Sets the local operator's admin state, and requests a report.</summary>
    public void SetAdminState(string value)
    {
        lock (_gate)
            _adminState = value;
        ReportWithin(TimeSpan.Zero);
    }

    /// <summary>Makes the next report due within a time. The earliest request counts.</summary>
    public void ReportWithin(TimeSpan delay)
    {
        var due = time.Monotonic() + delay;
        lock (_gate)
        {
            if (due < _reportTime)
                _reportTime = due;
        }
    }

    /// <summary>Begins a report, which meets all requests up to now. A request that comes later needs another report,
    /// because this one may have examined the host already.</summary>
    /// <returns>The sequence number of the report, from 1.</returns>
    public long StartReport()
    {
        lock (_gate)
        {
            _reportTime = MonotonicTime.Never;
            return ++_startedSequence;
        }
    }

    /// <summary>Publishes a report with the present admin state.</summary>
    public void Publish(AgentReport report)
    {
        lock (_gate)
        {
            report = report with { AdminState = _adminState };
            _lastReport = report;
        }
        Reported?.Invoke(report);
    }
}
