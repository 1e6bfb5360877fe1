using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Control.Doctor;
using Sidestep.Daemon.Sentinel;
using Sidestep.Native;

namespace Sidestep.Daemon.Doctor;

/// <summary>Answers requests for a diagnosis, one at a time: probes of two at once would be taken for one another's.</summary>
/// <param name="inForce">What is forwarded by now; null: nothing yet.</param>
/// <param name="agents">What agents say.</param>
/// <param name="sentinel">Who answers for VIPs.</param>
internal sealed class Physician(Func<InForce?> inForce, AgentRegistry agents, Func<VipSentinel?> sentinel) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    internal async Task<DoctorReport> DiagnoseAsync(DoctorRequest request, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation).ConfigureAwait(false);
        var start = TimeProvider.System.GetTimestamp();
        try
        {
            if (inForce() is not { } now)
                throw new ApiRefusal("not yet", "the director is starting: ask again in a moment");
            if (request.Service is { } name && now.Configuration.VirtualServices.All(s => s.Name != name))
                throw new ApiRefusal("no such service", $"no virtual service has the name '{name}': sidestep status lists them");
            var examination = new Examination(now, () => inForce() ?? now, agents, sentinel());
            var evidence = await examination.RunAsync(request.Service, cancellation).ConfigureAwait(false);
            return new DoctorReport
            {
                Director = evidence.Director,
                At = evidence.Now,
                Diagnoses = Rules.Diagnose(evidence),
                LookedAt = examination.LookedAt,
                NotLookedAt = [.. examination.NotLookedAt],
                Seconds = Math.Round(TimeProvider.System.GetElapsedTime(start).TotalSeconds, 3),
            };
        }
        catch (NativeException e)
        {
            throw new ApiRefusal("cannot look", e.Message);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();
}

/// <summary>A request that cannot be answered now; says why and what to do.</summary>
internal sealed class ApiRefusal(string title, string detail) : Exception(detail)
{
    internal string Title => title;
}
