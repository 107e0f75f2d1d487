// SPDX-License-Identifier: Apache-2.0
// A foreign judge: Linux's own driver of the PT5161L (drivers/hwmon/pt5161l.c, from 6.9 on) against
// the SMBus door, without a kernel. The test compiles this file with -DDRIVER='"/.../pt5161l.c"'
// and with empty linux/*.h; what the driver takes from the kernel is here, in as many lines as that
// needs. The driver is GPL and stays where it is: it is neither copied nor part of the product.
//   kernel_driver_judge SOCKET BUS ADDRESS   each line of standard input: one look at every file
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

// ---- what the driver sees of the kernel ----
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned short umode_t;
#define __user
#define __init
#define __exit
#define __maybe_unused __attribute__((unused))
#define GFP_KERNEL 0
#define MODULE_DEVICE_TABLE(bus, table)
#define MODULE_AUTHOR(text)
#define MODULE_DESCRIPTION(text)
#define MODULE_LICENSE(text)
#define of_match_ptr(table) (table)
#define ACPI_PTR(table) (table)
#define module_init(function)     \
  static int start_driver(void) { \
    return function();            \
  }
#define module_exit(function)    \
  static void end_driver(void) { \
    function();                  \
  }

struct device {
  const char* name;
  void* data;
};
struct mutex {
  int depth;
};
static void mutex_init(struct mutex* lock) {
  lock->depth = 0;
}
static void mutex_lock(struct mutex* lock) {
  if (lock->depth++ != 0) {
    abort();  // it would wait for itself for ever
  }
}
static void mutex_unlock(struct mutex* lock) {
  lock->depth--;
}
static void usleep_range(unsigned long least, unsigned long most) {
  (void)most;
  usleep((useconds_t)least);
}
static const char* dev_name(const struct device* dev) {
  return dev->name;
}
static void* dev_get_drvdata(const struct device* dev) {
  return dev->data;
}
static void dev_set_drvdata(struct device* dev, void* data) {
  dev->data = data;
}
static void* devm_kzalloc(struct device* dev, size_t bytes, int flags) {
  (void)dev;
  (void)flags;
  return calloc(1, bytes);
}
static void dev_dbg(const struct device* dev, const char* format, ...) {
  va_list list;
  va_start(list, format);
  fprintf(stderr, "%s: ", dev->name);
  vfprintf(stderr, format, list);
  va_end(list);
}
static int PTR_ERR_OR_ZERO(const void* pointer) {
  return pointer == NULL ? -EIO : 0;
}

struct i2c_client {
  struct device dev;
  char name[20];
  unsigned short addr;
};
#define I2C_SMBUS_BLOCK_MAX 32
#define I2C_CLASS_HWMON 1
struct of_device_id {
  char compatible[128];
};
struct acpi_device_id {
  char id[16];
  unsigned long driver_data;
};
struct i2c_device_id {
  char name[20];
  unsigned long driver_data;
};
struct i2c_driver {
  unsigned class;
  struct {
    const char* name;
    const struct of_device_id* of_match_table;
    const struct acpi_device_id* acpi_match_table;
  } driver;
  int (*probe)(struct i2c_client* client);
  void (*remove)(struct i2c_client* client);
  const struct i2c_device_id* id_table;
};
static void* i2c_get_clientdata(const struct i2c_client* client) {
  return client->dev.data;
}
static struct i2c_driver* driver;
static int i2c_add_driver(struct i2c_driver* added) {
  driver = added;
  return 0;
}
static void i2c_del_driver(struct i2c_driver* removed) {
  driver = removed == driver ? NULL : driver;
}
static int i2c_smbus_write_block_data(const struct i2c_client* client, u8 command, u8 length,
                                      const u8* values);
static int i2c_smbus_read_block_data(const struct i2c_client* client, u8 command, u8* values);

enum hwmon_sensor_types { hwmon_chip, hwmon_temp };
enum { hwmon_temp_input = 1 };
#define HWMON_T_INPUT (1U << hwmon_temp_input)
struct hwmon_channel_info {
  enum hwmon_sensor_types type;
  const u32* config;
};
#define HWMON_CHANNEL_INFO(kind, ...) \
  (&(const struct hwmon_channel_info){hwmon_##kind, (const u32[]){__VA_ARGS__, 0}})
struct hwmon_ops {
  umode_t (*is_visible)(const void* data, enum hwmon_sensor_types type, u32 attr, int channel);
  int (*read)(struct device* dev, enum hwmon_sensor_types type, u32 attr, int channel, long* value);
};
struct hwmon_chip_info {
  const struct hwmon_ops* ops;
  const struct hwmon_channel_info** info;
};
static struct device hwmon;
static const struct hwmon_chip_info* chip;
static struct device* devm_hwmon_device_register_with_info(struct device* dev, const char* name,
                                                           void* data,
                                                           const struct hwmon_chip_info* info,
                                                           const void* groups) {
  (void)dev;
  (void)groups;
  hwmon.name = name;
  hwmon.data = data;
  chip = info;
  return &hwmon;
}

struct file {
  void* private_data;
};
struct inode;
struct dentry {
  int unused;
};
struct file_operations {
  ssize_t (*read)(struct file* file, char* buffer, size_t count, loff_t* at);
  int (*open)(struct inode* inode, struct file* file);
};
static int simple_open(struct inode* inode, struct file* file) {
  (void)inode;
  (void)file;
  return 0;
}
static ssize_t simple_read_from_buffer(void* to, size_t count, loff_t* at, const void* from,
                                       size_t available) {
  size_t bytes = *at < (loff_t)available ? available - (size_t)*at : 0;
  bytes = bytes < count ? bytes : count;
  memcpy(to, (const char*)from + *at, bytes);
  *at += (loff_t)bytes;
  return (ssize_t)bytes;
}
#define FILES_MAX 8
static struct {
  const char* name;
  void* data;
  const struct file_operations* operations;
} files[FILES_MAX];
static int files_made;
static struct dentry* debugfs_create_dir(const char* name, struct dentry* parent) {
  static struct dentry one;
  (void)name;
  (void)parent;
  return &one;
}
static struct dentry* debugfs_create_file(const char* name, umode_t mode, struct dentry* parent,
                                          void* data, const struct file_operations* operations) {
  (void)mode;
  if (files_made < FILES_MAX) {
    files[files_made].name = name;
    files[files_made].data = data;
    files[files_made].operations = operations;
    files_made++;
  }
  return parent;
}
static void debugfs_remove_recursive(struct dentry* entry) {
  (void)entry;
}

// The driver itself: its #include lines find empty files.
#include DRIVER

// ---- the adapter: the SMBus door, docs/formats/smbus-door.md ----
static FILE* to_door;
static FILE* from_door;
static const char* bus;

static int failure(const char* answer) {
  return strstr(answer, "UNAVAILABLE") != NULL ? -ENXIO : -EIO;
}
static int ask(char* answer, size_t bytes) {
  fflush(to_door);
  if (fgets(answer, (int)bytes, from_door) == NULL) {
    return -ESHUTDOWN;
  }
  return strncmp(answer, "ok", 2) == 0 ? 0 : failure(answer);
}
static int i2c_smbus_write_block_data(const struct i2c_client* client, u8 command, u8 length,
                                      const u8* values) {
  char answer[256];
  fprintf(to_door, "%s write-block %02x %02x ", bus, client->addr, command);
  for (int i = 0; i < length; ++i) {
    fprintf(to_door, "%02x", values[i]);
  }
  fprintf(to_door, "\n");
  return ask(answer, sizeof answer);
}
static int i2c_smbus_read_block_data(const struct i2c_client* client, u8 command, u8* values) {
  char answer[256];
  fprintf(to_door, "%s read-block %02x %02x\n", bus, client->addr, command);
  const int problem = ask(answer, sizeof answer);
  if (problem != 0) {
    return problem;
  }
  int count = 0;
  unsigned byte = 0;
  while (count < I2C_SMBUS_BLOCK_MAX && sscanf(answer + 3 + 2 * count, "%2x", &byte) == 1) {
    values[count++] = (u8)byte;
  }
  return count;
}

static int connect_to(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  char greeting[64];
  if (fd < 0 || connect(fd, (struct sockaddr*)&address, sizeof address) != 0) {
    return 1;
  }
  to_door = fdopen(fd, "w");
  from_door = fdopen(dup(fd), "r");
  return fgets(greeting, sizeof greeting, from_door) == NULL ||
         strncmp(greeting, "weft-smbus 1", 12) != 0;
}

static void look(void) {
  long value = 0;
  const int problem = chip->ops->read(&hwmon, hwmon_temp, hwmon_temp_input, 0, &value);
  if (problem != 0) {
    printf("temp1_input error %d\n", problem);
  } else {
    printf("temp1_input %ld\n", value);
  }
  for (int i = 0; i < files_made; ++i) {
    struct file file = {.private_data = files[i].data};
    char text[64] = "";
    loff_t at = 0;
    const ssize_t got = files[i].operations->read(&file, text, sizeof text - 1, &at);
    if (got < 0) {
      printf("%s error %d\n", files[i].name, (int)got);
    } else {
      printf("%s %s", files[i].name, text);
    }
  }
  fflush(stdout);
}

int main(int count, char** words) {
  if (count != 4 || connect_to(words[1]) != 0) {
    fprintf(stderr, "usage: kernel_driver_judge SOCKET BUS ADDRESS; the door must be open\n");
    return 2;
  }
  bus = words[2];
  struct i2c_client client = {.dev = {.name = "9-0020"}, .name = "pt5161l"};
  client.addr = (unsigned short)strtoul(words[3], NULL, 16);
  if (start_driver() != 0 || driver == NULL || driver->probe(&client) != 0 || chip == NULL ||
      chip->ops->is_visible(NULL, hwmon_temp, hwmon_temp_input, 0) != 0444) {
    fprintf(stderr, "the driver does not bind\n");
    return 3;
  }
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL) {
    look();
  }
  driver->remove(&client);
  end_driver();
  return 0;
}
