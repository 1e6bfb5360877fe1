namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Counters of a worker since it started.</summary>
/// <param name="Frames">Frames that it processed.</param>
/// <param name="Sent">Frames that it passed to devices.</param>
/// <param name="RxDropped">Received frames that were lost: its receive ring was full, or they were malformed.</param>
/// <param name="TxDropped">Frames that no device accepted.</param>
/// <param name="AllocatedBytes">Bytes of managed memory that its thread has allocated.</param>
public readonly record struct WorkerCounters(
    long Frames, long Sent, long RxDropped, long TxDropped, long AllocatedBytes);
