using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using Sidestep.Native;

namespace Sidestep.Benchmarks.Veth;

/// <summary>The outer ends of the cables: makes the packets in the kernel, and counts what arrives (benchmarks/bpf/veth.bpf.c).</summary>
internal sealed class TrafficGenerator : IDisposable
{
    private const int Servers = 256, IpSum = 24, Addresses = 26, TcpSum = 50, Ip = 14, Tcp = 34;
    private const uint TcpProtocol = 6;

    /// <summary>How long nothing must come before the last packet has come.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromMilliseconds(20);

    /// <summary>struct veth, without what it counts by server.</summary>
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

    /// <param name="clock">Of the CPU that all of it happens on.</param>
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

    /// <summary>From now on what comes out of this cable is counted, and dropped.</summary>
    internal void Watch(VethPair veth)
    {
        Testbed.Enter(Testbed.GeneratorNamespace);
        _links.Add(XdpLink.Create(_sink, veth.GeneratorIndex, native: true));
    }

    /// <summary>Sends so many packets into a cable, and waits for the last that comes out of it.</summary>
    internal SendResult Send(VethPair veth, IPAddress vip, uint flows, int packets, bool encapsulated)
    {
        var frame = Traffic.Acknowledgements(vip, flows).Frame;
        Configure(frame, vip, flows);
        Testbed.Enter(Testbed.GeneratorNamespace);
        var begin = _clock.Now();
        _sender.Send(frame, packets, veth.GeneratorIndex);
        var end = _clock.Now();
        var arrived = Arrived(encapsulated);
        // Most often everything has arrived by now: what a packet sets off is done before the next one is sent.
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

    /// <summary>Sends so many packets into a cable as fast as it can, whether anybody keeps up or not.</summary>
    /// <param name="veth">Which.</param>
    /// <param name="vip">To whom.</param>
    /// <param name="flows">How many clients there are.</param>
    /// <param name="packets">How many.</param>
    /// <param name="begin">Before the first is sent.</param>
    /// <param name="end">After the last was sent.</param>
    /// <returns>How many had come out of it by the end, whatever had become of them.</returns>
    internal long Flood(VethPair veth, IPAddress vip, uint flows, int packets, Action begin, Action end)
    {
        var frame = Traffic.Acknowledgements(vip, flows).Frame;
        Configure(frame, vip, flows);
        Testbed.Enter(Testbed.GeneratorNamespace);
        begin();
        _sender.Send(frame, packets, veth.GeneratorIndex);
        end();
        ref var state = ref Shared;
        return (long)(Volatile.Read(ref state.Layer2) + Volatile.Read(ref state.Encapsulated) + Volatile.Read(ref state.Other));
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
        // The program adds the addresses.
        frame.AsSpan(IpSum, sizeof(ushort)).Clear();
        frame.AsSpan(TcpSum, sizeof(ushort)).Clear();
        frame.AsSpan(Addresses, 8).Clear();
        var segment = frame.AsSpan(Tcp, BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(16)) - (Tcp - Ip));
        state.IpSum = WordSum(frame.AsSpan(Ip, Tcp - Ip));
        state.TcpSum = WordSum(segment) + BinaryPrimitives.ReverseEndianness((ushort)(TcpProtocol + segment.Length));
    }

    /// <summary>The sum of the words as the processor has them, as the program sums (RFC 1071: the byte order does not matter).</summary>
    private static uint WordSum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        foreach (var word in MemoryMarshal.Cast<byte, ushort>(bytes))
            sum += word;
        return sum;
    }
}

/// <summary>What became of packets.</summary>
/// <param name="Packets">How many were sent.</param>
/// <param name="Arrived">How many of them arrived as they were meant to.</param>
/// <param name="Servers">To how many servers.</param>
/// <param name="CpuNanoseconds">Of the CPU, from the first that was sent to the last that arrived.</param>
internal sealed record SendResult(int Packets, long Arrived, int Servers, double CpuNanoseconds)
{
    internal double PerCpuSecond => Arrived / CpuNanoseconds * 1e9;

    internal double NsPerPacket => CpuNanoseconds / Arrived;
}
