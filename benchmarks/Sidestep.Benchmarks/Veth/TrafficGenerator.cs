using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using Sidestep.Native;

namespace Sidestep.Benchmarks.Veth;

/// <summary>The outer ends of the veth pairs: generates packets in the kernel and counts arrivals
/// (benchmarks/bpf/veth.bpf.c).</summary>
internal sealed class TrafficGenerator : IDisposable
{
    private const int Servers = 256, IpSum = 24, Addresses = 26, TcpSum = 50, Ip = 14, Tcp = 34;
    private const uint TcpProtocol = 6;

    /// <summary>Without a packet for this long, the last one has arrived.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromMilliseconds(20);

    /// <summary>struct veth, without the counters per server.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct State
    {
        public ulong Random;
        public uint Flows;
        public uint Vip;
        public uint IpSum;
        public uint TcpSum;
        public ulong Ethernet0;
        public ulong Ethernet1;
        public ulong Layer2;
        public ulong Encapsulated;
        public ulong Other;
    }

    private readonly CpuClock _clock;
    private readonly BpfObject _object = Harness.Load("veth.bpf.o");
    private readonly BpfProgram _sender, _sink;
    private readonly BpfMap _bss;
    private readonly MappedMemory _memory;
    private readonly List<XdpLink> _links = [];

    /// <param name="clock">Clock of the CPU that does all the work.</param>
    internal TrafficGenerator(CpuClock clock)
    {
        _clock = clock;
        _sender = _object.Program("sender");
        _sink = _object.Program("sink");
        _bss = _object.Map(".bss");
        _memory = _bss.MapMemory(writable: true);
    }

    private ref State Shared => ref _memory.View<State>(0, 1)[0];

    private Span<ulong> ByServer => _memory.View<ulong>(Marshal.SizeOf<State>(), Servers);

    /// <summary>Attaches the program that counts and drops arriving packets of this veth pair.</summary>
    internal void Watch(VethPair veth)
    {
        Testbed.Enter(Testbed.GeneratorNamespace);
        _links.Add(XdpLink.Create(_sink, veth.GeneratorIndex, native: true));
    }

    /// <summary>Sends packets into a veth pair and waits for the last one that arrives.</summary>
    internal SendResult Send(VethPair veth, IPAddress vip, uint flows, int packets, bool encapsulated)
    {
        var frame = Traffic.Acknowledgements(vip, flows).Frame;
        Configure(frame, vip, flows);
        Testbed.Enter(Testbed.GeneratorNamespace);
        var begin = _clock.Now();
        _sender.Send(frame, packets, veth.GeneratorIndex);
        var end = _clock.Now();
        var arrived = Arrived(encapsulated);
        // Usually everything has arrived by now: the kernel completes the work of a packet before it sends the next
        // one.
        var idle = Stopwatch.StartNew();
        while (arrived < (ulong)packets && idle.Elapsed < IdleTime)
        {
            Thread.Yield();
            if (Arrived(encapsulated) is var now && now == arrived)
                continue;
            (arrived, end) = (now, _clock.Now());
            idle.Restart();
        }
        var servers = 0;
        foreach (var count in ByServer)
            servers += count > 0 ? 1 : 0;
        return new SendResult(packets, (long)arrived, servers, end - begin);
    }

    /// <summary>Sends packets into a veth pair at full speed, regardless of the receiver.</summary>
    /// <param name="veth">The veth pair.</param>
    /// <param name="vip">Destination address.</param>
    /// <param name="flows">Number of clients.</param>
    /// <param name="packets">Number of packets.</param>
    /// <param name="begin">Called before the first packet is sent.</param>
    /// <param name="end">Called after the last packet was sent.</param>
    /// <returns>Number of packets that had arrived by then, regardless of their content.</returns>
    internal long Flood(VethPair veth, IPAddress vip, uint flows, int packets, Action begin, Action end)
    {
        var frame = Traffic.Acknowledgements(vip, flows).Frame;
        Configure(frame, vip, flows);
        Testbed.Enter(Testbed.GeneratorNamespace);
        begin();
        _sender.Send(frame, packets, veth.GeneratorIndex);
        end();
        ref var state = ref Shared;
        return (long)(Volatile.Read(ref state.Layer2) + Volatile.Read(ref state.Encapsulated)
            + Volatile.Read(ref state.Other));
    }

    public void Dispose()
    {
        foreach (var link in _links)
            link.Dispose();
        _memory.Dispose();
        _bss.Dispose();
        _sender.Dispose();
        _sink.Dispose();
        _object.Dispose();
    }

    private ulong Arrived(bool encapsulated) => encapsulated
        ? Volatile.Read(ref Shared.Encapsulated)
        : Volatile.Read(ref Shared.Layer2);

    private void Configure(byte[] frame, IPAddress vip, uint flows)
    {
        ref var state = ref Shared;
        (state.Layer2, state.Encapsulated, state.Other) = (0, 0, 0);
        ByServer.Clear();
        state.Flows = flows;
        state.Vip = MemoryMarshal.Read<uint>(vip.GetAddressBytes());
        state.Ethernet0 = MemoryMarshal.Read<ulong>(frame);
        state.Ethernet1 = MemoryMarshal.Read<ulong>(frame.AsSpan(8));
        // The BPF program adds the addresses.
        frame.AsSpan(IpSum, sizeof(ushort)).Clear();
        frame.AsSpan(TcpSum, sizeof(ushort)).Clear();
        frame.AsSpan(Addresses, 8).Clear();
        var segment = frame.AsSpan(Tcp, BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(16)) - (Tcp - Ip));
        state.IpSum = WordSum(frame.AsSpan(Ip, Tcp - Ip));
        state.TcpSum = WordSum(segment) + BinaryPrimitives.ReverseEndianness((ushort)(TcpProtocol + segment.Length));
    }

    /// <summary>The sum of the words in host byte order, like in the BPF program (RFC 1071: the byte order does not
    /// matter).</summary>
    private static uint WordSum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        foreach (var word in MemoryMarshal.Cast<byte, ushort>(bytes))
            sum += word;
        return sum;
    }
}

/// <summary>The result of sent packets.</summary>
/// <param name="Packets">Number of sent packets.</param>
/// <param name="Arrived">Number of packets that arrived in the expected form.</param>
/// <param name="Servers">Number of servers they arrived at.</param>
/// <param name="CpuNanoseconds">CPU time in nanoseconds, from the first sent packet to the last arrival.</param>
internal sealed record SendResult(int Packets, long Arrived, int Servers, double CpuNanoseconds)
{
    internal double PerCpuSecond => Arrived / CpuNanoseconds * 1e9;

    internal double NsPerPacket => CpuNanoseconds / Arrived;
}
