using Sidestep.Engine.Xdp.Layout;

namespace Sidestep.Engine.Xdp;

/// <summary>How much room the maps have; fixed when they are made. docs/limits.md gives the memory.</summary>
/// <param name="Services">Services, at most 10,000.</param>
/// <param name="Servers">Real servers, counted once per pool and way of reaching them; at most 131,071.</param>
/// <param name="SlotBlocks">Blocks of 1,024 slots (4 KiB each). A changed table takes new blocks before the old ones are
/// free, so half of them are for tables and half for change.</param>
public sealed record XdpCapacity(int Services, int Servers, int SlotBlocks)
{
    /// <summary>4,096 services, 16,384 servers and 512 slot tables of the default size.</summary>
    public static XdpCapacity Default { get; } = new(4096, 16384, 16384);

    /// <summary>Labels, and with the tallies the counters of a CPU. Server ids start at 1.</summary>
    internal int Labels => Services + Servers + 1;

    /// <summary>Counters of one CPU.</summary>
    internal int CountersPerCpu => Constants.Tallies + Labels;
}
