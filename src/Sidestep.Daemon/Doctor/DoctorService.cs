using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Control.Doctor;
using Sidestep.Daemon.AddressConflicts;
using Sidestep.Native;

namespace Sidestep.Daemon.Doctor;

/// <summary>Answers requests for a diagnosis, one at a time: probes of two at once would be taken for one another's.</summary>
/// <param name="applied">What is forwarded by now; null: nothing yet.</param>
/// <param name="agents">What agents say.</param>
/// <param name="conflictMonitor">Who answers for VIPs.</param>
internal sealed class DoctorService(Func<AppliedState?> applied, AgentRegistry agents, Func<VipConflictMonitor?> conflictMonitor) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);

    internal async Task<DoctorReport> DiagnoseAsync(DoctorRequest request, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        var start = TimeProvider.System.GetTimestamp();
        try
        {
            if (applied() is not { } now)
                throw new ApiRequestException("not yet", "the director is starting: ask again in a moment");
            if (request.Service is { } name && now.Configuration.Desired.VirtualServices.All(s => s.Name != name))
                throw new ApiRequestException("no such service", $"no virtual service has the name '{name}': sidestep status lists them");
            var collector = new EvidenceCollector(now, () => applied() ?? now, agents, conflictMonitor());
            var evidence = await collector.RunAsync(request.Service, cancellation).ConfigureAwait(false);
            return new DoctorReport
            {
                Director = evidence.Director,
                At = evidence.Now,
                Diagnoses = DiagnosisRules.Diagnose(evidence),
                Checked = collector.Checked,
                NotChecked = [.. collector.NotChecked],
                Seconds = Math.Round(TimeProvider.System.GetElapsedTime(start).TotalSeconds, 3),
            };
        }
        catch (NativeException e)
        {
            throw new ApiRequestException("diagnosis failed", e.Message);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();
}

/// <summary>A request that cannot be answered now; says why and what to do.</summary>
internal sealed class ApiRequestException(string title, string detail) : Exception(detail)
{
    internal string Title => title;
}
