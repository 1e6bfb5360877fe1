using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Control.Doctor;
using Sidestep.Daemon.AddressConflicts;
using Sidestep.Native;

namespace Sidestep.Daemon.Doctor;

/// <summary>Handles requests for a diagnosis one at a time: with two at once, the replies to the probes of one would
/// count for the other.</summary>
/// <param name="applied">The state in force; null: none yet.</param>
/// <param name="agents">The reports of agents.</param>
/// <param name="conflicts">The detected VIP conflicts; null: conflict detection is not running.</param>
/// <param name="host">This machine.</param>
internal sealed class DoctorService(
    Func<AppliedState?> applied, AgentRegistry agents, Func<IVipConflictSource?> conflicts, IDoctorHost host)
    : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);

    /// <summary>Collects evidence and judges it.</summary>
    /// <exception cref="ApiRequestException">The director is starting, the service does not exist, or the kernel
    /// refused.</exception>
    internal async Task<DoctorReport> DiagnoseAsync(DoctorRequest request, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        var start = host.Time.GetTimestamp();
        try
        {
            if (applied() is not { } now)
                throw new ApiRequestException("not yet", "the director is starting: try again in a moment");
            if (request.Service is { } name && now.Configuration.Desired.VirtualServices.All(s => s.Name != name))
            {
                throw new ApiRequestException(
                    "no such service", $"no virtual service has the name '{name}': sidestep status lists them");
            }
            var collector = new EvidenceCollector(now, () => applied() ?? now, agents, conflicts(), host);
            var evidence = await collector.RunAsync(request.Service, cancellation).ConfigureAwait(false);
            return new DoctorReport
            {
                Director = evidence.Director,
                At = evidence.Now,
                Diagnoses = DiagnosisRules.Diagnose(evidence),
                Checked = collector.Checked,
                NotChecked = [.. collector.NotChecked],
                Seconds = Math.Round(host.Time.GetElapsedTime(start).TotalSeconds, 3),
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

/// <summary>A request that cannot be fulfilled now. The message says why and what to do.</summary>
internal sealed class ApiRequestException(string title, string detail) : Exception(detail)
{
    /// <summary>The kind of problem, in two or three words.</summary>
    internal string Title => title;
}
