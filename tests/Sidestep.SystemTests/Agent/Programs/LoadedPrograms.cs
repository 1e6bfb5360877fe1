using System.Buffers.Binary;
using System.Net;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sidestep.Native;

namespace Sidestep.SystemTests.Agent.Programs;

/// <summary>The agent's programs in the kernel, without an interface: tests run single frames through them. They are
/// loaded once for all tests of a class, each of which begins with <see cref="Configure"/>.</summary>
public sealed class LoadedPrograms : IDisposable
{
    public const uint IpIp = 1, Gre = 2, Gue = 4;
    private const int CounterCount = 16;
    private readonly BpfObject _object;
    private readonly BpfProgram _decapsulate, _reply;

    public LoadedPrograms()
    {
        using var resource = Assembly.Load("sidestep-agent").GetManifestResourceStream("agent.bpf.o")!;
        var image = new byte[resource.Length];
        resource.ReadExactly(image);
        _object = BpfObject.Open(image, "test");
        _object.SetMaxEntries("counters", Kernel.PossibleCpus);
        _object.Load();
        _decapsulate = _object.Program("decapsulate");
        _reply = _object.Program("reply");
        using var addresses = _object.Map("addresses");
        addresses.Update(KeyOf(IPAddress.Parse(RealServer.Address)), 1u);
        addresses.Update(KeyOf(IPAddress.Parse(RealServer.Address6)), 1u);
        AddVip(RealServer.Vip, index: 1, mss: 1400);
        AddVip(RealServer.Vip6, index: 2, mss: 1300);
        AddVip(RealServer.VipPrefix, index: 3, mss: 0);
    }

    /// <summary>Writes the spec: encapsulations, ports, and allowed sources of outer headers. All counters become
    /// 0.</summary>
    public void Configure(uint kinds, ushort[] ports, params string[] sources)
    {
        using var settings = _object.Map("settings");
        var value = new Settings { Kinds = kinds };
        for (var i = 0; i < ports.Length; i++)
            value.Ports[i] = BinaryPrimitives.ReverseEndianness(ports[i]);
        settings.Update(0, value);
        using var counters = _object.Map("counters");
        for (var cpu = 0; cpu < Kernel.PossibleCpus; cpu++)
            counters.Update(cpu, default(Counters));
        using var traffic = _object.Map("vip_counters");
        for (var vip = 0; vip < 4; vip++)
            traffic.Update(vip, (0ul, 0ul, 0ul));
        using var map = _object.Map("sources");
        foreach (var key in map.Keys<Prefix>())
            map.Delete(key);
        foreach (var source in sources)
            map.Update(PrefixOf(source), 1u);
    }

    public (uint Returned, byte[] Output) Decapsulate(byte[] frame) => Run(_decapsulate, frame);

    public (uint Returned, byte[] Output) Reply(byte[] frame) => Run(_reply, frame);

    /// <summary>The one counter that was incremented, by the agent's name for it; null: none was.</summary>
    public string? IncrementedCounter()
    {
        var type = Assembly.Load("sidestep-agent")
            .GetType("Sidestep.Agent.Programs.PacketCounter", throwOnError: true)!;
        using var map = _object.Map("counters");
        var incremented = new List<string>();
        for (var cpu = 0; cpu < Kernel.PossibleCpus; cpu++)
        {
            Assert.True(map.TryLookup<int, Counters>(cpu, out var values));
            for (var i = 0; i < CounterCount; i++)
            {
                if (values[i] > 0)
                    incremented.AddRange(Enumerable.Repeat(Enum.GetName(type, i) ?? $"counter {i}", (int)values[i]));
            }
        }
        return incremented.Count == 0 ? null
            : System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(Assert.Single(incremented));
    }

    /// <summary>SYNs received, SYN-ACKs sent and RSTs sent of a VIP.</summary>
    public (ulong Syn, ulong SynAck, ulong Reset) Traffic(int index)
    {
        using var map = _object.Map("vip_counters");
        Assert.True(map.TryLookup<int, (ulong, ulong, ulong)>(index, out var value));
        return value;
    }

    public void Dispose()
    {
        _decapsulate.Dispose();
        _reply.Dispose();
        _object.Dispose();
    }

    private static (uint Returned, byte[] Output) Run(BpfProgram program, byte[] frame)
    {
        var output = new byte[frame.Length + 64];
        var result = program.Run(frame, output);
        return (result.ReturnValue, output[..result.Length]);
    }

    private void AddVip(string network, int index, uint mss)
    {
        using var map = _object.Map("vips");
        map.Update(PrefixOf(network), new VipValue(index, mss));
    }

    private static Prefix PrefixOf(string text)
    {
        var network = IPAddress.TryParse(text, out var address)
            ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : IPNetwork.Parse(text);
        return new Prefix(32 + (uint)network.PrefixLength, KeyOf(network.BaseAddress));
    }

    private static Key KeyOf(IPAddress address)
    {
        var bytes = new byte[16];
        address.GetAddressBytes().CopyTo(bytes, 0);
        var words = MemoryMarshal.Cast<byte, uint>(bytes);
        return new Key(address.GetAddressBytes().Length == 4 ? 4u : 6u, words[0], words[1], words[2], words[3]);
    }

    private readonly record struct Key(uint Family, uint A, uint B, uint C, uint D);

    private readonly record struct Prefix(uint Bits, Key Address);

    private readonly record struct VipValue(int Index, uint Mss);

    private struct Settings
    {
        public uint Kinds;
        public PortList Ports;
    }

    [InlineArray(8)]
    private struct PortList
    {
        private ushort _first;
    }

    [InlineArray(CounterCount)]
    private struct Counters
    {
        private ulong _first;
    }
}
