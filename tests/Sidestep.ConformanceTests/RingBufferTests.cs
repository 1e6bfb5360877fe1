using System.Buffers.Binary;
using System.Diagnostics;
using Sidestep.Native;

namespace Sidestep.ConformanceTests;

/// <summary>Records that a BPF program writes to a ring buffer arrive unchanged and in order; ring.bpf.c writes
/// them.</summary>
public sealed class RingBufferTests : IDisposable
{
    private const uint Pass = 2, Drop = 1;
    private readonly BpfObject _object;
    private readonly BpfMap _map;
    private readonly BpfProgram _program;
    private readonly BpfRingBuffer _ring;

    public RingBufferTests()
    {
        using var resource = typeof(RingBufferTests).Assembly.GetManifestResourceStream("ring.bpf.o")!;
        var elf = new byte[resource.Length];
        resource.ReadExactly(elf);
        _object = BpfObject.Open(elf, "ring");
        _object.Load();
        _map = _object.Map("ring");
        _program = _object.Program("copy");
        _ring = BpfRingBuffer.Open(_map);
    }

    public void Dispose()
    {
        _ring.Dispose();
        _program.Dispose();
        _map.Dispose();
        _object.Dispose();
    }

    [Fact]
    public void Records_arrive_unchanged_and_in_order()
    {
        for (byte i = 0; i < 10; i++)
            Assert.Equal(Pass, Send(i));
        var seen = new List<(uint Length, byte First, byte Last)>();
        Assert.Equal(10,
            _ring.Poll(TimeSpan.FromSeconds(1), r =>
                seen.Add((BinaryPrimitives.ReadUInt32LittleEndian(r), r[4], r[63]))));
        Assert.Equal([.. Enumerable.Range(0, 10).Select(static i => (60u + (uint)i, (byte)i, (byte)i))], seen);
    }

    [Fact]
    public void Reading_frees_space_and_a_full_ring_rejects_records()
    {
        var fits = 0;
        while (Send(0) == Pass)
            fits++;
        Assert.InRange(fits, 40, 60);
        Assert.Equal(Drop, Send(0));
        Assert.Equal(fits, _ring.Poll(TimeSpan.Zero, static _ => { }));
        Assert.Equal(Pass, Send(0));
    }

    [Fact]
    public void Polling_an_empty_ring_returns_after_the_timeout()
    {
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, _ring.Poll(TimeSpan.FromMilliseconds(50), static _ => Assert.Fail("unexpected record")));
        Assert.InRange(clock.Elapsed, TimeSpan.FromMilliseconds(40), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Exception_of_the_reader_propagates_and_the_next_record_is_not_lost()
    {
        Send(1);
        Send(2);
        Assert.Throws<InvalidDataException>(
            () => _ring.Poll(TimeSpan.Zero, static _ => throw new InvalidDataException()));
        var seen = new List<byte>();
        _ring.Poll(TimeSpan.Zero, r => seen.Add(r[4]));
        Assert.Equal([2], seen);
    }

    [Fact]
    public void Map_of_another_type_is_rejected_by_name()
    {
        using var another = _object.Map("other");
        Assert.Contains("'other'", Assert.Throws<ArgumentException>(() => BpfRingBuffer.Open(another)).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Sends a frame filled with one byte, of a length that depends on it.</summary>
    private uint Send(byte fill)
    {
        var frame = new byte[60 + fill];
        Array.Fill(frame, fill);
        return _program.Run(frame, new byte[128]).ReturnValue;
    }
}
