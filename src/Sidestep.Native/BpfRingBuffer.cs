using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Reads a ring buffer that BPF programs write records to (BPF_MAP_TYPE_RINGBUF, Linux 5.8).</summary>
/// <remarks>One reader per map, one thread at a time. Reading frees space. When the reader is too slow, the programs'
/// reservations fail, and the programs count that.</remarks>
public sealed unsafe class BpfRingBuffer : IDisposable
{
    private const uint RingBufferType = 27;
    private readonly FileDescriptor _descriptor;
    private nint _ring;
    private GCHandle _self;
    private RecordHandler? _handler;
    private ExceptionDispatchInfo? _failure;

    private BpfRingBuffer(FileDescriptor descriptor) => _descriptor = descriptor;

    /// <summary>Processes one record. The bytes belong to the kernel and are valid only during the call.</summary>
    public delegate void RecordHandler(ReadOnlySpan<byte> record);

    /// <summary>Opens a reader of a ring buffer map, at the position of the previous reader.</summary>
    /// <param name="map">A ring buffer map; may be disposed afterwards.</param>
    /// <exception cref="ArgumentException">The map is not a ring buffer.</exception>
    /// <exception cref="NativeException">EPERM: CAP_BPF is missing, or the map is frozen.</exception>
    public static BpfRingBuffer Open(BpfMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        if (map.Definition.Type != RingBufferType)
            throw new ArgumentException(
                $"map '{map.Name}' is of type {map.Definition.Type}, not a ring buffer ({RingBufferType})",
                nameof(map));
        var reader = new BpfRingBuffer(FileDescriptor.Duplicate(map.Descriptor));
        try
        {
            reader._self = GCHandle.Alloc(reader);
            reader._ring = Libbpf.ring_buffer__new(
                reader._descriptor.Value, &OnRecord, GCHandle.ToIntPtr(reader._self), null);
            return reader._ring != 0 ? reader : throw NativeException.OfLastError($"ring_buffer__new {map.Name}");
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Waits for records and passes them to the handler in the order in which they were written.</summary>
    /// <param name="timeout">Maximum wait, in whole milliseconds; zero reads only what has arrived already.</param>
    /// <param name="handler">An exception of the handler propagates to the caller; the record that caused it is
    /// consumed.</param>
    /// <returns>Number of records that were read.</returns>
    public int Poll(TimeSpan timeout, RecordHandler handler)
    {
        ObjectDisposedException.ThrowIf(_ring == 0, this);
        _handler = handler;
        _failure = null;
        var count = Libbpf.ring_buffer__poll(_ring, (int)Math.Clamp(timeout.TotalMilliseconds, 0, int.MaxValue));
        _handler = null;
        _failure?.Throw();
        // A signal interrupted the wait; the caller sees it as a timeout.
        return count == -Libc.EINTR ? 0 : NativeException.Check(count, "ring_buffer__poll");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ring != 0)
            Libbpf.ring_buffer__free(_ring);
        _ring = 0;
        if (_self.IsAllocated)
            _self.Free();
        _descriptor.Dispose();
    }

    /// <summary>An exception must not pass through libbpf: it is stored, and a negative result ends the poll.</summary>
    [UnmanagedCallersOnly]
    private static int OnRecord(nint context, void* data, nuint length)
    {
        var reader = Unsafe.As<BpfRingBuffer>(GCHandle.FromIntPtr(context).Target!);
        try
        {
            reader._handler!(new ReadOnlySpan<byte>(data, (int)length));
            return 0;
        }
#pragma warning disable CA1031 // thrown again by Poll
        catch (Exception e)
#pragma warning restore CA1031
        {
            reader._failure = ExceptionDispatchInfo.Capture(e);
            return -Libc.EINVAL;
        }
    }
}
