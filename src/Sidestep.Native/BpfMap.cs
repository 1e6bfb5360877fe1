using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>A BPF map in the kernel, held by a file descriptor; the map lives on while it is pinned or a program uses
/// it.</summary>
public sealed unsafe class BpfMap : IDisposable
{
    private readonly FileDescriptor _descriptor;

    internal BpfMap(FileDescriptor descriptor) => _descriptor = descriptor;

    internal int Descriptor => _descriptor.Value;

    /// <summary>Opens a pinned map; null when nothing is pinned there.</summary>
    public static BpfMap? OpenPinned(string path) => FileDescriptor.OpenPinned(path) is { } d ? new BpfMap(d) : null;

    /// <summary>Opens a map by its kernel id.</summary>
    public static BpfMap OpenById(uint id) =>
        new(new FileDescriptor(NativeException.Check(Libbpf.bpf_map_get_fd_by_id(id), $"bpf_map_get_fd_by_id {id}")));

    /// <summary>The kernel's id of the map; a new map gets a new id.</summary>
    public uint Id => Info().id;

    /// <summary>Type and sizes as the kernel reports them.</summary>
    public BpfMapDefinition Definition
    {
        get
        {
            var info = Info();
            return new BpfMapDefinition(info.type, info.key_size, info.value_size, info.max_entries);
        }
    }

    /// <summary>The kernel's name of the map, at most 15 characters.</summary>
    public string Name
    {
        get
        {
            var info = Info();
            return Marshal.PtrToStringUTF8((nint)info.name)!;
        }
    }

    /// <summary>Pins the map on a bpffs. A pin of that name is replaced.</summary>
    public void Pin(string path) => _descriptor.Pin(path);

    /// <summary>Maps the elements of an array map into memory. Elements lie at multiples of their size, rounded up to 8
    /// bytes.</summary>
    public MappedMemory MapMemory(bool writable)
    {
        var definition = Definition;
        var bytes = (long)((definition.ValueBytes + 7) & ~7u) * definition.Entries;
        return MappedMemory.Of(_descriptor, bytes, writable);
    }

    /// <summary>Writes one element, in a map of any type; creates it when it does not exist.</summary>
    public void Update<TKey, TValue>(TKey key, TValue value) where TKey : unmanaged where TValue : unmanaged =>
        NativeException.Check(Libbpf.bpf_map_update_elem(Descriptor, &key, &value, 0), "bpf_map_update_elem");

    /// <summary>Stores a program in a program array, for tail calls.</summary>
    public void SetProgram(int index, BpfProgram program) => Update(index, program.Descriptor);

    /// <summary>Reads one element of a map that is not per CPU; false when it does not exist.</summary>
    public bool TryLookup<TKey, TValue>(TKey key, out TValue value) where TKey : unmanaged where TValue : unmanaged
    {
        Unsafe.SkipInit(out value);
        fixed (TValue* pointer = &value)
        {
            var result = Libbpf.bpf_map_lookup_elem(Descriptor, &key, pointer);
            if (result == -Libc.ENOENT)
                return false;
            NativeException.Check(result, "bpf_map_lookup_elem");
            return true;
        }
    }

    /// <summary>Lists the keys. Keys that are added or removed meanwhile may be missing or listed.</summary>
    public IReadOnlyList<TKey> Keys<TKey>() where TKey : unmanaged
    {
        var keys = new List<TKey>();
        TKey current = default, next;
        var result = Libbpf.bpf_map_get_next_key(Descriptor, null, &next);
        while (result == 0)
        {
            keys.Add(next);
            current = next;
            result = Libbpf.bpf_map_get_next_key(Descriptor, &current, &next);
        }
        return result == -Libc.ENOENT ? keys : throw new NativeException("bpf_map_get_next_key", -result);
    }

    /// <summary>Removes one element, if it exists.</summary>
    public void Delete<TKey>(TKey key) where TKey : unmanaged
    {
        var result = Libbpf.bpf_map_delete_elem(Descriptor, &key);
        if (result != -Libc.ENOENT)
            NativeException.Check(result, "bpf_map_delete_elem");
    }

    /// <inheritdoc/>
    public void Dispose() => _descriptor.Dispose();

    private Libbpf.bpf_map_info Info()
    {
        Libbpf.bpf_map_info info = default;
        var length = (uint)sizeof(Libbpf.bpf_map_info);
        NativeException.Check(
            Libbpf.bpf_obj_get_info_by_fd(Descriptor, &info, &length), "bpf_obj_get_info_by_fd (map)");
        return info;
    }
}
