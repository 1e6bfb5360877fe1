namespace Sidestep.Agent.Running;

/// <summary>Chooses the report epoch that a report may carry: the newest one that came from the director before the
/// agent began to examine the host for that report.</summary>
/// <remarks>For one director and one thread. A report may be in progress when an epoch arrives; it describes the host
/// from before, so it must not carry that epoch.</remarks>
internal sealed class ReportEpochs
{
    private (long Epoch, long FromSequence) _current, _next;

    /// <summary>The epoch for a report; 0: none.</summary>
    public long For(long sequence)
    {
        if (sequence >= _next.FromSequence)
            _current = _next;
        return _current.Epoch;
    }

    /// <param name="epoch">The epoch in the director's response.</param>
    /// <param name="startedSequence">Sequence number of the newest report that has been started.</param>
    public void Received(long epoch, long startedSequence)
    {
        if (epoch != _next.Epoch)
            _next = (epoch, startedSequence + 1);
    }
}
