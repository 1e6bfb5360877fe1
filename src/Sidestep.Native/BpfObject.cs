using System.Runtime.InteropServices;
using System.Text;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>A compiled BPF object file: open it, adjust it, then load it into the kernel.</summary>
/// <remarks>Programs and maps from this object keep their own descriptors. Disposing the object unloads whatever is
/// neither pinned, attached nor held by such a descriptor.</remarks>
public sealed unsafe class BpfObject : IDisposable
{
    private const int LogBytes = 1 << 20;
    private readonly BpfObjectHandle _handle;

    private BpfObject(BpfObjectHandle handle) => _handle = handle;

    /// <summary>Opens the ELF image of an object.</summary>
    /// <param name="elf">The whole ELF file.</param>
    /// <param name="name">Prefix of the names that the kernel shows for data sections.</param>
    /// <exception cref="NativeException">The image is not a valid BPF object.</exception>
    /// <exception cref="DllNotFoundException">libbpf.so.1 is not installed.</exception>
    public static BpfObject Open(ReadOnlySpan<byte> elf, string name)
    {
        LibbpfLog.Install();
        var nameBytes = Encoding.UTF8.GetBytes(name + '\0');
        fixed (byte* bytes = elf, namePointer = nameBytes)
        {
            var options = new Libbpf.bpf_object_open_opts
            {
                sz = (nuint)sizeof(Libbpf.bpf_object_open_opts),
                object_name = namePointer,
            };
            var pointer = Libbpf.bpf_object__open_mem(bytes, (nuint)elf.Length, &options);
            if (pointer == 0)
                throw NativeException.OfLastError($"bpf_object__open {name}");
            return new BpfObject(new BpfObjectHandle(pointer));
        }
    }

    /// <summary>Sets the number of elements of a map. Call before <see cref="Load"/>.</summary>
    public void SetMaxEntries(string map, int entries) =>
        NativeException.Check(
            Libbpf.bpf_map__set_max_entries(FindMap(map), (uint)entries), $"bpf_map__set_max_entries {map}");

    /// <summary>Uses an existing map instead of creating one. Call before <see cref="Load"/>.</summary>
    public void Reuse(string map, BpfMap existing) =>
        NativeException.Check(Libbpf.bpf_map__reuse_fd(FindMap(map), existing.Descriptor), $"bpf_map__reuse_fd {map}");

    /// <summary>Excludes a program from <see cref="Load"/>.</summary>
    public void Skip(string program) =>
        NativeException.Check(
            Libbpf.bpf_program__set_autoload(FindProgram(program), false), $"bpf_program__set_autoload {program}");

    /// <summary>The initial content of a data section such as <c>.rodata</c>; writable until
    /// <see cref="Load"/>.</summary>
    public Span<byte> InitialValue(string map)
    {
        nuint size;
        var pointer = Libbpf.bpf_map__initial_value(FindMap(map), &size);
        return pointer == null
            ? throw new NativeException($"bpf_map__initial_value {map}", Libc.EINVAL)
            : new Span<byte>(pointer, (int)size);
    }

    /// <summary>The definition of a map in the object file, for comparison with an existing map.</summary>
    public BpfMapDefinition Definition(string map)
    {
        var pointer = FindMap(map);
        return new BpfMapDefinition(Libbpf.bpf_map__type(pointer), Libbpf.bpf_map__key_size(pointer),
            Libbpf.bpf_map__value_size(pointer), Libbpf.bpf_map__max_entries(pointer));
    }

    /// <summary>Creates the maps and loads the programs.</summary>
    /// <exception cref="VerifierException">The verifier rejected a program.</exception>
    /// <exception cref="NativeException">Another step failed; the message includes the log of libbpf.</exception>
    public void Load()
    {
        var logs = new List<(string Program, nint Buffer)>();
        try
        {
            for (nint program = 0; (program = Libbpf.bpf_object__next_program(_handle, program)) != 0;)
            {
                var buffer = (nint)NativeMemory.AllocZeroed(LogBytes);
                logs.Add((Marshal.PtrToStringUTF8((nint)Libbpf.bpf_program__name(program))!, buffer));
                NativeException.Check(
                    Libbpf.bpf_program__set_log_buf(program, (byte*)buffer, LogBytes), "bpf_program__set_log_buf");
            }
            LibbpfLog.Clear();
            var result = Libbpf.bpf_object__load(_handle);
            if (result >= 0)
                return;
            foreach (var (program, buffer) in logs)
            {
                var log = Marshal.PtrToStringUTF8(buffer)!;
                if (log.Length > 0)
                    throw new VerifierException(program, -result, log);
            }
            throw new LibbpfException("bpf_object__load", -result, LibbpfLog.Text());
        }
        finally
        {
            foreach (var (_, buffer) in logs)
                NativeMemory.Free((void*)buffer);
        }
    }

    /// <summary>Returns a loaded program by its C name; the caller disposes it.</summary>
    public BpfProgram Program(string name) => new(FileDescriptor.Duplicate(
        NativeException.Check(Libbpf.bpf_program__fd(FindProgram(name)), $"bpf_program__fd {name}")));

    /// <summary>Returns a created map by its C name; the caller disposes it.</summary>
    public BpfMap Map(string name) => new(FileDescriptor.Duplicate(
        NativeException.Check(Libbpf.bpf_map__fd(FindMap(name)), $"bpf_map__fd {name}")));

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private nint FindMap(string name)
    {
        var map = Libbpf.bpf_object__find_map_by_name(_handle, name);
        return map != 0 ? map : throw NativeException.OfLastError($"map {name}");
    }

    private nint FindProgram(string name)
    {
        var program = Libbpf.bpf_object__find_program_by_name(_handle, name);
        return program != 0 ? program : throw NativeException.OfLastError($"program {name}");
    }
}

/// <summary>Type and sizes of a BPF map, as an object file defines it.</summary>
/// <param name="Type">The kernel's number of the type (enum bpf_map_type).</param>
/// <param name="KeyBytes">Size of a key in bytes.</param>
/// <param name="ValueBytes">Size of a value in bytes.</param>
/// <param name="Entries">Number of elements.</param>
public readonly record struct BpfMapDefinition(uint Type, uint KeyBytes, uint ValueBytes, uint Entries);

/// <summary>libbpf failed outside the verifier; the message includes its log.</summary>
/// <param name="call">The failed operation.</param>
/// <param name="errno">The positive errno.</param>
/// <param name="libbpfMessage">The log of libbpf.</param>
public sealed class LibbpfException(string call, int errno, string libbpfMessage)
    : NativeException(call, errno, $"{call}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})\n{libbpfMessage}");

internal sealed class BpfObjectHandle : SafeHandle
{
    public BpfObjectHandle(nint pointer) : base(0, true) => SetHandle(pointer);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Libbpf.bpf_object__close(handle);
        return true;
    }
}
