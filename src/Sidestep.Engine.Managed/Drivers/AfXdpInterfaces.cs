using Sidestep.Forwarding.Drivers;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Opens AF_XDP sockets: a worker per queue number, with that queue of every interface, in memory that they share.</summary>
internal static class AfXdpInterfaces
{
    /// <summary>Opens and attaches; no worker runs yet.</summary>
    /// <param name="engine">Decides.</param>
    /// <param name="slowPath">Sends in fragments.</param>
    /// <param name="log">Gets problems.</param>
    /// <param name="interfaces">Loaded.</param>
    /// <exception cref="InterfaceException">Names the interface that cannot.</exception>
    internal static IReadOnlyList<Worker> Open(ManagedEngine engine, SlowPath slowPath, Action<string> log, IReadOnlyList<AfXdpInterface> interfaces)
    {
        var queues = interfaces.ToDictionary(static i => i.Index, static i => Queues(i.Index));
        using (var netlink = NetlinkSocket.Open())
        {
            foreach (var bond in interfaces.Where(i => LinkDetails.Of(netlink, i.Index).Kind == Judgement.Bond))
                throw new InterfaceException(bond.Index, Judgement.BondHasNoSockets, null);
        }
        var count = queues.Values.Max();
        var cpus = Kernel.AllowedCpus;
        var pipelines = engine.Pipelines(count);
        var workers = new List<Worker>();
        try
        {
            for (var queue = 0; queue < count; queue++)
            {
                var taking = interfaces.Where(i => queue < queues[i.Index]).ToArray();
                var (memory, sockets) = OpenSockets(taking, queue);
                workers.Add(new AfXdpWorker(queue, cpus[queue % cpus.Count], memory, sockets, new FrameHandler(engine, pipelines[queue], slowPath), log));
            }
            return workers;
        }
        catch
        {
            foreach (var worker in workers)
                worker.Dispose();
            throw;
        }
    }

    /// <summary>One queue of each, in one memory. The kernel chooses between zero copy and copies by the first of them, and the others have
    /// to do the same: where one cannot, all of them copy.</summary>
    private static (FrameMemory Memory, IReadOnlyList<XdpSocket> Sockets) OpenSockets(AfXdpInterface[] taking, int queue)
    {
        for (var copies = false; ; copies = true)
        {
            var memory = new FrameMemory(taking.Length * XdpSocket.MostFrames);
            var sockets = new List<XdpSocket>();
            try
            {
                foreach (var one in taking)
                    sockets.Add(Guard(one.Index, () => one.Open(memory, queue, sockets.Count > 0 ? sockets[0] : null, copies)));
                return (memory, sockets);
            }
            catch (InterfaceException e)
            {
                var isForTheFirst = !copies && sockets.Count > 0 && sockets[0].IsZeroCopy && e.InnerException is NativeException { IsNotSupported: true };
                foreach (var socket in sockets)
                    socket.Dispose();
                memory.Dispose();
                if (!isForTheFirst)
                    throw;
            }
        }
    }

    /// <summary>Has failures name the interface.</summary>
    internal static T Guard<T>(int index, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (NativeException e)
        {
            throw new InterfaceException(index, e.Message, e);
        }
    }

    private static int Queues(int index)
    {
        var queues = Kernel.InterfaceName(index) is { } name ? ReceiveQueues.Of(name) : 1;
        return queues <= DriverSet.MostWorkers ? queues : throw new InterfaceException(index,
            $"it has {queues} queues, and {DriverSet.MostWorkers} fit: ethtool -L {Kernel.InterfaceName(index)} combined {DriverSet.MostWorkers}", null);
    }
}

/// <summary>An interface cannot be opened.</summary>
internal sealed class InterfaceException(int index, string reason, Exception? cause) : Exception(reason, cause)
{
    internal int Index => index;
}
