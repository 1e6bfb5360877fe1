using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Persistence;
using Sidestep.Agent.Running;
using Sidestep.Api;

namespace Sidestep.Agent.Roles;

/// <summary>The conditions of the host's files. They change rarely, so they are read less often than reports are
/// made.</summary>
internal sealed class FileConditions(Request request, TimeProvider time)
{
    /// <summary>How often the files are read.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private List<Condition> _conditions = [];
    private TimeSpan _next;

    /// <summary>The conditions of the last reading, or of a new one if that is due.</summary>
    public IReadOnlyList<Condition> Check(DesiredState desired)
    {
        var now = time.Monotonic();
        if (now < _next)
            return _conditions;
        _next = now + Interval;
        var result = new Verification();
        PersistenceCheck.Run(request.StateDirectory, request.Files, desired, result);
        _conditions = result.Conditions;
        return _conditions;
    }
}
