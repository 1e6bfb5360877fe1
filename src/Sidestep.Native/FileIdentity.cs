using System.Buffers.Binary;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Identifies the file that a path leads to, and when it last changed (statx(2)).</summary>
/// <param name="Device">Device number of the file system.</param>
/// <param name="Inode">Inode of the file after all symbolic links are followed.</param>
/// <param name="Bytes">Length of the file.</param>
/// <param name="ChangedSeconds">Time of the last change of content or attributes (ctime), in seconds since 1970; no
/// program can set it back.</param>
/// <param name="ChangedNanoseconds">The fraction of the second.</param>
public readonly record struct FileIdentity(
    ulong Device, ulong Inode, ulong Bytes, long ChangedSeconds, uint ChangedNanoseconds)
{
    /// <summary>Queries the kernel; null when the file does not exist or is not accessible.</summary>
    public static unsafe FileIdentity? Of(string path)
    {
        const int CurrentFolder = -100;
        const uint BasicStats = 0x7ff;
        const int Size = 256, Inode = 32, Bytes = 40, Changed = 96, Device = 136;
        Span<byte> stats = stackalloc byte[Size];
        fixed (byte* pointer = stats)
        {
            if (Libc.statx(CurrentFolder, path, 0, BasicStats, pointer) != 0)
                return null;
        }
        return new FileIdentity(
            BinaryPrimitives.ReadUInt64LittleEndian(stats[Device..]),
            BinaryPrimitives.ReadUInt64LittleEndian(stats[Inode..]),
            BinaryPrimitives.ReadUInt64LittleEndian(stats[Bytes..]),
            BinaryPrimitives.ReadInt64LittleEndian(stats[Changed..]),
            BinaryPrimitives.ReadUInt32LittleEndian(stats[(Changed + 8)..]));
    }
}
