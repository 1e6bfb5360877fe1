using Sidestep.Forwarding.Pipeline;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Interfaces by packet sockets: each has its own workers, one per CPU, and the kernel distributes its frames
/// among them by flow. While interfaces are added and removed, frames of the others continue to flow.</summary>
/// <param name="engine">The engine that decides about frames.</param>
/// <param name="pipelines">Pipelines for workers.</param>
/// <param name="punt">Sends punted packets in fragments.</param>
/// <param name="log">Receives problems.</param>
/// <param name="workers">Number of workers per interface; null: one per CPU.</param>
internal sealed class AfPacketInterfaces(
    ManagedEngine engine, PipelinePool pipelines, FragmentPunt punt, Action<string> log, int? workers)
{
    private readonly List<(int Interface, int Number, AfPacketWorker Worker, PacketPipeline Pipeline)> _workers = [];

    /// <summary>The workers of all interfaces.</summary>
    internal IEnumerable<Worker> Workers => _workers.Select(static w => w.Worker);

    /// <summary>True if all sockets of an interface are bound to it.</summary>
    internal bool IsAttached(int index) => _workers.Any(w => w.Interface == index)
        && _workers.Where(w => w.Interface == index).All(static w => w.Worker.IsAttached);

    /// <summary>Attaches interfaces: each gets workers of its own, with a packet socket each.</summary>
    /// <exception cref="NativeException">The kernel returned an error; none of these interfaces is attached
    /// then.</exception>
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

    /// <summary>Detaches from interfaces; the others are not affected.</summary>
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
        var opened = new List<AfPacketWorker>();
        for (var number = 0; number < count; number++)
        {
            var ring = PacketRing.Open(index, mtuBytes);
            var pipeline = pipelines.Rent();
            try
            {
                if (count > 1)
                    group = ring.Join(group);
                var free = NextNumber();
                opened.Add(new AfPacketWorker(
                    free, cpus[number % cpus.Count], ring, new FrameHandler(engine, pipeline, punt), log));
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

    /// <summary>The smallest number that no worker has; it is part of the thread's name.</summary>
    private int NextNumber()
    {
        var number = 0;
        while (_workers.Any(w => w.Number == number))
            number++;
        return number;
    }
}
