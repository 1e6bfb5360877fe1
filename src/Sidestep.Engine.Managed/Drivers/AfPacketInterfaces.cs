using Sidestep.Forwarding.Pipeline;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Interfaces by packet sockets: each has workers of its own, one per CPU, among which the kernel shares its frames out by flow.
/// Interfaces come and go while the others' frames pass.</summary>
/// <param name="engine">Decides.</param>
/// <param name="pipelines">For workers.</param>
/// <param name="punt">Sends in fragments.</param>
/// <param name="log">Gets problems.</param>
/// <param name="workers">Of an interface; null: one per CPU.</param>
internal sealed class AfPacketInterfaces(ManagedEngine engine, PipelinePool pipelines, FragmentPunt punt, Action<string> log, int? workers)
{
    private readonly List<(int Interface, int Number, Worker Worker, PacketPipeline Pipeline)> _workers = [];

    /// <summary>Of all interfaces.</summary>
    internal IEnumerable<Worker> Workers => _workers.Select(static w => w.Worker);

    /// <summary>Takes frames from these as well.</summary>
    /// <exception cref="NativeException">The kernel refused it; nothing is taken from any of these then.</exception>
    internal void Add(IReadOnlyCollection<int> indexes)
    {
        using var netlink = NetlinkSocket.Open();
        var mtus = Interfaces.List(netlink).ToDictionary(static i => i.Index, static i => i.MtuBytes);
        try
        {
            foreach (var index in indexes)
                Add(index, mtus[index]);
        }
        catch
        {
            Remove(indexes);
            throw;
        }
    }

    /// <summary>Takes none from these any more; nothing happens to the others.</summary>
    internal void Remove(IReadOnlyCollection<int> indexes)
    {
        foreach (var one in _workers.Where(w => indexes.Contains(w.Interface)).ToArray())
        {
            _workers.Remove(one);
            one.Worker.Dispose();
            pipelines.Return(one.Pipeline);
        }
    }

    private void Add(int index, int mtuBytes)
    {
        var cpus = Kernel.AllowedCpus;
        var count = Math.Clamp(workers ?? cpus.Count, 1, DriverSet.MaxWorkers);
        int? group = null;
        var opened = new List<Worker>();
        for (var number = 0; number < count; number++)
        {
            var ring = PacketRing.Open(index, mtuBytes);
            var pipeline = pipelines.Rent();
            try
            {
                if (count > 1)
                    group = ring.Join(group);
                var free = NextNumber();
                opened.Add(new AfPacketWorker(free, cpus[number % cpus.Count], ring, new FrameHandler(engine, pipeline, punt), log));
                _workers.Add((index, free, opened[^1], pipeline));
            }
            catch
            {
                ring.Dispose();
                pipelines.Return(pipeline);
                throw;
            }
        }
        foreach (var worker in opened)
            worker.Start();
    }

    /// <summary>The smallest that no worker has: people tell threads by it.</summary>
    private int NextNumber()
    {
        var number = 0;
        while (_workers.Any(w => w.Number == number))
            number++;
        return number;
    }
}
