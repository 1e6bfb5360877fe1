namespace Sidestep.Forwarding.LocalApi;

/// <summary>A worker of the managed engine.</summary>
/// <param name="Name">As the kernel shows the thread.</param>
/// <param name="Counters">What it has done.</param>
public sealed record WorkerStatus(string Name, WorkerCounters Counters);

/// <summary>What a worker has done since it began.</summary>
/// <param name="Frames">Frames that it looked at.</param>
/// <param name="Sent">Frames that it handed to devices.</param>
/// <param name="RxDropped">Frames that came when it had no room.</param>
/// <param name="TxDropped">Frames that no device took.</param>
/// <param name="AllocatedBytes">Managed memory that its thread has allocated.</param>
public readonly record struct WorkerCounters(long Frames, long Sent, long RxDropped, long TxDropped, long AllocatedBytes);
