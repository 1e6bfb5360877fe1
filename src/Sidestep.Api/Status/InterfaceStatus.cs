using System.Text.Json.Serialization;

namespace Sidestep.Api.Status;

/// <summary>An attached interface.</summary>
/// <param name="Name">The kernel's name of the interface.</param>
/// <param name="Driver">The driver in use.</param>
/// <param name="ZeroCopy">With <see cref="InterfaceDriver.AfXdp"/>: true when the device itself reads and writes the
/// sockets' memory, false when the kernel copies every frame. Null with other drivers.</param>
public sealed record InterfaceStatus(string Name, InterfaceDriver Driver,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] bool? ZeroCopy);

/// <summary>The driver of an attached interface.</summary>
public enum InterfaceDriver
{
    /// <summary>XDP in the device driver.</summary>
    Native,

    /// <summary>XDP in the network stack, after the device driver.</summary>
    Generic,

    /// <summary>AF_XDP sockets.</summary>
    AfXdp,

    /// <summary>AF_PACKET sockets.</summary>
    AfPacket,

    /// <summary>None: the interface was deleted.</summary>
    Gone,

    /// <summary>None: the interface exists, but the engine is not attached to it.</summary>
    Detached,
}

/// <summary>A forwarding thread of the managed engine, with its counts since it started.</summary>
/// <param name="Name">Name of the thread in the kernel.</param>
/// <param name="Frames">Frames that it processed.</param>
/// <param name="Sent">Frames that it passed to devices.</param>
/// <param name="RxDropped">Received frames that were lost: its receive ring was full, or they were malformed.</param>
/// <param name="TxDropped">Frames that no device accepted.</param>
public sealed record WorkerStatus(string Name, long Frames, long Sent, long RxDropped, long TxDropped);
