using System.Net;
using Sidestep.Forwarding.Drivers;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Interfaces by AF_XDP: a worker per queue number, with that queue of every interface. Interfaces come and go while the others'
/// frames pass.</summary>
/// <param name="engine">Decides.</param>
/// <param name="pipelines">For workers.</param>
/// <param name="punt">Sends in fragments.</param>
/// <param name="log">Gets problems.</param>
internal sealed class AfXdpInterfaces(ManagedEngine engine, PipelinePool pipelines, FragmentPunt punt, Action<string> log)
{
    private readonly SortedDictionary<int, (AfXdpWorker Worker, PacketPipeline Pipeline)> _workers = [];
    private readonly Dictionary<int, AfXdpInterface> _programs = [];

    /// <summary>By number.</summary>
    internal IEnumerable<Worker> Workers => _workers.Values.Select(static w => w.Worker);

    /// <summary>Of all interfaces.</summary>
    internal IEnumerable<AfXdpInterface> Programs => _programs.Values;

    /// <summary>The device itself reads and writes the memory of all sockets of an interface; null: frames are not taken from it.</summary>
    internal bool? IsZeroCopy(int index) => _programs.ContainsKey(index)
        ? _workers.Values.SelectMany(static w => w.Worker.Sockets).Where(s => s.InterfaceIndex == index).All(static s => s.IsZeroCopy)
        : null;

    /// <summary>Takes frames from these as well, which share a memory.</summary>
    /// <param name="indexes">The kernel's numbers of the interfaces.</param>
    /// <param name="vips">Whose frames are taken.</param>
    /// <returns>By interface, what is to be known of it.</returns>
    /// <exception cref="InterfaceException">Names the interface that cannot; nothing is taken from any of these then.</exception>
    internal Dictionary<int, string> Add(IReadOnlyCollection<int> indexes, IReadOnlyCollection<IPNetwork> vips)
    {
        try
        {
            Load(indexes);
            AfXdpInterface[] added = [.. indexes.Select(i => _programs[i])];
            // Before programs are attached: a driver may keep more for what they send.
            var queues = indexes.ToDictionary(static i => i, Queues);
            var notes = new Dictionary<int, string>();
            foreach (var program in added)
            {
                if (NamingInterface(program.Index, program.Attach) is { } note)
                    notes[program.Index] = note;
            }
            // A program in the network stack gets copies of frames: it is no use to let the device write to the sockets' memory.
            Open(added, queues, copies: notes.Count > 0);
            foreach (var program in added)
                program.SetVips(vips);
            return notes;
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
        // The program first: what has no socket any more is the kernel's.
        foreach (var index in indexes)
        {
            if (_programs.Remove(index, out var program))
                program.Dispose();
        }
        foreach (var (queue, (worker, pipeline)) in _workers.ToArray())
        {
            worker.Remove(indexes);
            if (!worker.IsIdle)
                continue;
            _workers.Remove(queue);
            worker.Dispose();
            pipelines.Return(pipeline);
        }
    }

    private void Load(IReadOnlyCollection<int> indexes)
    {
        using var netlink = NetlinkSocket.Open();
        var known = Interfaces.List(netlink).ToDictionary(static i => i.Index);
        foreach (var index in indexes)
        {
            if (LinkDetails.Of(netlink, index).Kind == DriverSelection.Bond)
                throw new InterfaceException(index, DriverSelection.BondHasNoSockets, null);
            _programs[index] = NamingInterface(index, () => new AfXdpInterface(index, known[index].Address.Span));
        }
    }

    private void Open(AfXdpInterface[] added, Dictionary<int, int> queues, bool copies)
    {
        var cpus = Kernel.AllowedCpus;
        for (var queue = 0; queue < queues.Values.Max(); queue++)
        {
            var sockets = OpenSockets([.. added.Where(i => queue < queues[i.Index])], queue, copies);
            if (_workers.TryGetValue(queue, out var running))
            {
                running.Worker.Add(sockets);
                continue;
            }
            var pipeline = pipelines.Rent();
            var worker = new AfXdpWorker(queue, cpus[queue % cpus.Count], new FrameHandler(engine, pipeline, punt), log);
            _workers[queue] = (worker, pipeline);
            worker.Add(sockets);
            worker.Start();
        }
    }

    /// <summary>One queue of each, in one memory. The kernel chooses between zero copy and copies by the first of them, and the others have
    /// to do the same: where one cannot, all of them copy.</summary>
    private static List<XdpSocket> OpenSockets(AfXdpInterface[] taking, int queue, bool copies)
    {
        for (; ; copies = true)
        {
            var umem = new Umem(taking.Length * XdpSocket.MaxFrames);
            var sockets = new List<XdpSocket>();
            try
            {
                foreach (var one in taking)
                    sockets.Add(NamingInterface(one.Index, () => one.Open(umem, queue, sockets.Count > 0 ? sockets[0] : null, copies)));
                return sockets;
            }
            catch (InterfaceException e)
            {
                var isForTheFirst = !copies && sockets.Count > 0 && sockets[0].IsZeroCopy && e.InnerException is NativeException { IsNotSupported: true };
                foreach (var socket in sockets)
                    socket.Dispose();
                umem.Dispose();
                if (!isForTheFirst)
                    throw;
            }
        }
    }

    /// <summary>Has failures name the interface.</summary>
    private static T NamingInterface<T>(int index, Func<T> action)
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
        if (Kernel.InterfaceName(index) is not { } name)
            return 1;
        var queues = ReceiveQueues.Of(name);
        return queues.Count <= DriverSet.MaxWorkers ? queues.Count : throw new InterfaceException(index,
            $"it has {queues.Count} queues, and {DriverSet.MaxWorkers} fit: {QueueCommand.Of(name, DriverSet.MaxWorkers, queues.AreCombined)}", null);
    }
}

/// <summary>An interface cannot be opened.</summary>
internal sealed class InterfaceException(int index, string reason, Exception? cause) : Exception(reason, cause)
{
    internal int Index => index;
}
