using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Opens packet sockets: every worker has one at each interface, and the kernel shares the frames out by flow.</summary>
internal static class AfPacketInterfaces
{
    /// <summary>Opens; nothing runs yet.</summary>
    /// <exception cref="NativeException">The kernel refused it.</exception>
    internal static IReadOnlyList<Worker> Open(ManagedEngine engine, SlowPath slowPath, Action<string> log, IReadOnlyList<int> interfaces,
        int? workers, int pipelinesTaken)
    {
        var cpus = Kernel.AllowedCpus;
        var count = Math.Clamp(workers ?? cpus.Count, 1, DriverSet.MostWorkers);
        var pipelines = engine.Pipelines(pipelinesTaken + count);
        using var netlink = NetlinkSocket.Open();
        var mtus = Interfaces.List(netlink).ToDictionary(static i => i.Index, static i => i.MtuBytes);
        var opened = new List<Worker>();
        var groups = new int?[interfaces.Count];
        var rings = new List<PacketRing>();
        try
        {
            for (var number = 0; number < count; number++)
            {
                rings = [];
                for (var i = 0; i < interfaces.Count; i++)
                {
                    var ring = PacketRing.Open(interfaces[i], mtus[interfaces[i]]);
                    rings.Add(ring);
                    if (count > 1)
                        groups[i] = ring.Join(groups[i]);
                }
                opened.Add(new AfPacketWorker(number, cpus[number % cpus.Count], rings, new FrameHandler(engine, pipelines[pipelinesTaken + number], slowPath), log));
            }
            return opened;
        }
        catch
        {
            foreach (var worker in opened)
                worker.Dispose();
            foreach (var ring in opened.Count < count ? rings : [])
                ring.Dispose();
            throw;
        }
    }
}
