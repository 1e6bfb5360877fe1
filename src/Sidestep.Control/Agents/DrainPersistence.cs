using System.Collections.Immutable;
using Sidestep.Control.Stores;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Agents;

/// <summary>Keeps the drains that operators request over restarts of the daemon.</summary>
/// <remarks>Drains of address conflicts are not kept: the director detects the conflict again.</remarks>
public sealed class DrainPersistence
{
    private readonly Lock _gate = new();
    private readonly DrainOverlay _drains;
    private readonly OperationalStateStore _store;
    private readonly Action<string> _warn;
    private readonly TimeProvider _time;
    private OperationalState _state;

    /// <summary>Restores the drains, and saves them after every change.</summary>
    /// <param name="drains">The drains that are in force; a restored drain ends like any other.</param>
    /// <param name="store">The file.</param>
    /// <param name="time">The clock.</param>
    /// <param name="warn">Receives what is wrong with the file.</param>
    public DrainPersistence(DrainOverlay drains, OperationalStateStore store, TimeProvider time, Action<string> warn)
    {
        ArgumentNullException.ThrowIfNull(drains);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(warn);
        _drains = drains;
        _store = store;
        _time = time;
        _warn = warn;
        _state = store.Read(out string? note);
        if (note is not null)
            warn(note);
        foreach (var drain in _state.Drains)
            drains.Set(RealServerKey.Parse(drain.Server), drain.SetBy, drains: true);
        drains.Changed += Save;
    }

    private void Save()
    {
        lock (_gate)
        {
            var known = _state.Drains.ToDictionary(static d => new ServerDrain(RealServerKey.Parse(d.Server), d.SetBy));
            ImmutableArray<StoredDrain> now =
            [
                .. _drains.Drains.Where(static d => d.Source == DrainSource.Operator)
                    .Select(d => known.GetValueOrDefault(d)
                        ?? new StoredDrain(d.Server.ToString(), d.Source, _time.GetUtcNow()))
                    .OrderBy(static d => d.Server, StringComparer.Ordinal),
            ];
            if (now.SequenceEqual(_state.Drains))
                return;
            _state = new OperationalState { Drains = now };
            try
            {
                _store.Write(_state);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _warn($"drains are not kept over a restart: {e.Message}");
            }
        }
    }
}
