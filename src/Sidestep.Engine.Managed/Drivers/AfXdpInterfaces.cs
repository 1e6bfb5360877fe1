using System.Net;
using Sidestep.Forwarding.Drivers;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Interfaces by AF_XDP: one worker per queue number serves that queue of every interface. While interfaces
/// are added and removed, frames of the others continue to flow.</summary>
/// <param name="engine">The engine that decides about frames.</param>
/// <param name="pipelines">Pipelines for workers.</param>
/// <param name="punt">Sends punted packets in fragments.</param>
/// <param name="log">Receives problems.</param>
internal sealed class AfXdpInterfaces(
    ManagedEngine engine, PipelinePool pipelines, FragmentPunt punt, Action<string> log)
{
    private readonly SortedDictionary<int, (AfXdpWorker Worker, PacketPipeline Pipeline)> _workers = [];
    private readonly Dictionary<int, AfXdpInterface> _programs = [];

    /// <summary>The workers, by queue number.</summary>
    internal IEnumerable<Worker> Workers => _workers.Values.Select(static w => w.Worker);

    /// <summary>The programs of all interfaces.</summary>
    internal IEnumerable<AfXdpInterface> Programs => _programs.Values;

    /// <summary>True if all sockets of an interface are in zero-copy mode; null: the interface is not attached
    /// here.</summary>
    internal bool? IsZeroCopy(int index) => _programs.ContainsKey(index)
        ? _workers.Values.SelectMany(static w => w.Worker.Sockets).Where(s => s.InterfaceIndex == index)
            .All(static s => s.IsZeroCopy)
        : null;

    /// <summary>True if the program is attached to the interface of this index. Sockets and program lose a deleted
    /// interface together.</summary>
    internal bool IsAttached(int index) => _programs.TryGetValue(index, out var program) && program.IsAttached;

    /// <summary>Attaches interfaces, which share a UMEM.</summary>
    /// <param name="indexes">The kernel's indexes of the interfaces.</param>
    /// <param name="vips">The VIPs whose frames are received.</param>
    /// <returns>Why an interface falls back to generic mode, by index.</returns>
    /// <exception cref="InterfaceException">An interface cannot be attached, and the exception names it; none of them
    /// is attached then.</exception>
    internal Dictionary<int, string> Add(IReadOnlyCollection<int> indexes, IReadOnlyCollection<IPNetwork> vips)
    {
        try
        {
            Load(indexes);
            AfXdpInterface[] added = [.. indexes.Select(i => _programs[i])];
            // Before programs are attached: a driver may then reserve queues for what they send.
            var queues = indexes.ToDictionary(static i => i, Queues);
            var notes = new Dictionary<int, string>();
            foreach (var program in added)
            {
                if (NamingInterface(program.Index, program.Attach) is { } note)
                    notes[program.Index] = note;
            }
            // A program in generic mode gets copies of frames: zero copy would be useless.
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

    /// <summary>Detaches from interfaces; the others are not affected.</summary>
    internal void Remove(IReadOnlyCollection<int> indexes)
    {
        // Programs first: frames without a socket are then left to the kernel.
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
            var worker =
                new AfXdpWorker(queue, cpus[queue % cpus.Count], new FrameHandler(engine, pipeline, punt), log);
            _workers[queue] = (worker, pipeline);
            worker.Add(sockets);
            worker.Start();
        }
    }

    /// <summary>Opens a socket for one queue of each interface, with one UMEM. The kernel chooses between zero copy and
    /// copy mode by the first socket, and the others must use the same: if one cannot, all of them copy.</summary>
    private static List<XdpSocket> OpenSockets(AfXdpInterface[] taking, int queue, bool copies)
    {
        for (; ; copies = true)
        {
            var umem = new Umem(taking.Length * XdpSocket.MaxFrames);
            var sockets = new List<XdpSocket>();
            try
            {
                foreach (var one in taking)
                {
                    var first = sockets.Count > 0 ? sockets[0] : null;
                    sockets.Add(NamingInterface(one.Index, () => one.Open(umem, queue, first, copies)));
                }
                return sockets;
            }
            catch (InterfaceException e)
            {
                var mayCopy = !copies && sockets.Count > 0 && sockets[0].IsZeroCopy
                    && e.InnerException is NativeException { IsNotSupported: true };
                foreach (var socket in sockets)
                    socket.Dispose();
                umem.Dispose();
                if (!mayCopy)
                    throw;
            }
        }
    }

    /// <summary>Runs an action; an exception of it names the interface.</summary>
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
            $"it has {queues.Count} queues, and at most {DriverSet.MaxWorkers} are served:"
            + $" {QueueCommand.Of(name, DriverSet.MaxWorkers, queues.AreCombined)}", null);
    }
}

/// <summary>An interface cannot be attached.</summary>
internal sealed class InterfaceException(int index, string reason, Exception? cause) : Exception(reason, cause)
{
    internal int Index => index;
}
