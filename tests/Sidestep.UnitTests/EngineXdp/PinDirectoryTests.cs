using Sidestep.Engine.Xdp;
using Sidestep.Model;

namespace Sidestep.UnitTests.EngineXdp;

/// <summary>Names of pins; an ordinary folder stands for the bpffs.</summary>
public sealed class PinDirectoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sidestep-pins-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Folder_is_named_like_the_director() => Assert.Equal(Path.Combine(_folder, "lb1"), Pins.Path);

    [Theory]
    [InlineData("eth0", Driver.Native, "link_native_eth0")]
    [InlineData("eth0", Driver.Generic, "link_generic_eth0")]
    [InlineData("bond0.17", Driver.Native, "link_native_bond0~17")] // a bpffs rejects dots
    public void Pin_of_a_link_has_mode_and_interface(string name, Driver mode, string pin) =>
        Assert.Equal(Path.Combine(_folder, "lb1", pin), Pins.LinkPath(name, mode));

    [Fact]
    public void Pinned_links_are_listed_by_name_with_their_mode()
    {
        Assert.Empty(Pins.Links());
        Directory.CreateDirectory(Pins.Path);
        foreach (var (name, mode)
            in new[] { ("eth1", Driver.Native), ("eth0.5", Driver.Native), ("br0", Driver.Generic) })
            File.WriteAllText(Pins.LinkPath(name, mode), "");
        File.WriteAllText(Path.Combine(Pins.Path, "map_flows"), "");
        Assert.Equal([("br0", Driver.Generic), ("eth0.5", Driver.Native), ("eth1", Driver.Native)], Pins.Links());
    }

    /// <summary>A pin is made under another name first; a process may die before it is renamed.</summary>
    [Fact]
    public void Unfinished_pin_is_not_a_link()
    {
        Directory.CreateDirectory(Pins.Path);
        File.WriteAllText(Pins.LinkPath("eth0", Driver.Native) + "_new", "");
        Assert.Empty(Pins.Links());
    }

    [Fact]
    public void Removing_deletes_the_folder_and_its_pins()
    {
        Pins.Remove();
        Directory.CreateDirectory(Pins.Path);
        File.WriteAllText(Pins.LinkPath("eth0", Driver.Native), "");
        Pins.Remove();
        Assert.False(Directory.Exists(Pins.Path));
        Assert.True(Directory.Exists(_folder));
    }

    private PinDirectory Pins => new(_folder, "lb1");
}
